using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>Jsd in the autograd graph.</summary>
internal sealed class JsdFunction(JsdOptions options, RowLayout layout) : LogitPairOp(options.Reduction, layout)
{
    // The graph keeps the tensors: the caller's own may be gone or changed by the time of backward.
    private readonly JsdOptions _options = options.With(null);

    public override string Name => nameof(JsdFunction);

    public override Tensor Composed(Tensor?[] inputs) =>
        JsdComposed.Loss(inputs[0]!, inputs[1]!, _options.With(inputs[2]));

    protected override void Forward(
        in LogitPairRows rows, RowsView loss, RowsView? studentGradient, RowsView? teacherGradient) =>
        Core.Jsd.ForwardWithGradient(
            rows.Student, rows.Teacher, Settings(rows), loss, studentGradient, teacherGradient, rows.Queue);

    protected override void Backward(
        in LogitPairRows rows, RowsView upstream, RowsView? studentGradient, RowsView? teacherGradient) =>
        Core.Jsd.Backward(
            rows.Student, rows.Teacher, Settings(rows), upstream, studentGradient, teacherGradient, rows.Queue);

    private JsdSettings Settings(in LogitPairRows rows) => new(_options.Temperature, _options.Beta, _options.Reduction)
    {
        TemperatureSquared = _options.TSquared,
        KlAtEnds = _options.KlAtEnds,
        Labels = rows.Labels,
        IgnoreIndex = _options.IgnoreIndex,
    };
}
