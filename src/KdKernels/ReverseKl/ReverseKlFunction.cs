using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>ReverseKl in the autograd graph.</summary>
internal sealed class ReverseKlFunction(TemperedKlOptions options, RowLayout layout) : LogitPairOp(options.Reduction, layout)
{
    // The graph keeps the tensors: the caller's own may be gone or changed by the time of backward.
    private readonly TemperedKlOptions _options = options.With(null, null);

    public override string Name => nameof(ReverseKlFunction);

    public override Tensor Composed(Tensor?[] inputs) =>
        ReverseKlComposed.Loss(inputs[0]!, inputs[1]!, _options.With(inputs[2], inputs[3]));

    protected override void Forward(
        in LogitPairRows rows, RowsView loss, RowsView? studentGradient, RowsView? teacherGradient) =>
        Core.ReverseKl.ForwardWithGradient(
            rows.Student, rows.Teacher, Settings(rows), loss, studentGradient, teacherGradient, rows.Queue);

    protected override void Backward(
        in LogitPairRows rows, RowsView upstream, RowsView? studentGradient, RowsView? teacherGradient) =>
        Core.ReverseKl.Backward(
            rows.Student, rows.Teacher, Settings(rows), upstream, studentGradient, teacherGradient, rows.Queue);

    private TemperedKlSettings Settings(in LogitPairRows rows) => new(_options.Temperature, _options.Reduction)
    {
        TemperatureSquared = _options.TSquared,
        ClassWeights = rows.ClassWeights,
        Labels = rows.Labels,
        IgnoreIndex = _options.IgnoreIndex,
    };
}
