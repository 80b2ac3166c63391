using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>DecoupledKd in the autograd graph.</summary>
internal sealed class DecoupledKdFunction(DecoupledKdOptions options, RowLayout layout) : LogitPairOp(options.Reduction, layout)
{
    // The graph keeps the tensors: the caller's own may be gone or changed by the time of backward.
    private readonly DecoupledKdOptions _options = options.With(null);

    public override string Name => nameof(DecoupledKdFunction);

    public override Tensor Composed(Tensor?[] inputs) =>
        DecoupledKdComposed.Loss(inputs[0]!, inputs[1]!, _options.With(inputs[2]));

    protected override void Forward(
        in LogitPairRows rows, RowsView loss, RowsView? studentGradient, RowsView? teacherGradient) =>
        Core.DecoupledKd.ForwardWithGradient(
            rows.Student, rows.Teacher, rows.Labels!.Value, Settings(), loss, studentGradient, teacherGradient, rows.Queue);

    protected override void Backward(
        in LogitPairRows rows, RowsView upstream, RowsView? studentGradient, RowsView? teacherGradient) =>
        Core.DecoupledKd.Backward(
            rows.Student, rows.Teacher, rows.Labels!.Value, Settings(), upstream, studentGradient, teacherGradient, rows.Queue);

    private DecoupledKdSettings Settings() =>
        new(_options.Alpha, _options.Beta, _options.Temperature, _options.Reduction)
        {
            TemperatureSquared = _options.TSquared,
            IgnoreIndex = _options.IgnoreIndex,
        };
}
