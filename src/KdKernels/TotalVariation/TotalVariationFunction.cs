using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>TotalVariation in the autograd graph.</summary>
internal sealed class TotalVariationFunction(TotalVariationOptions options, RowLayout layout) : LogitPairOp(options.Reduction, layout)
{
    // The graph keeps the tensors: the caller's own may be gone or changed by the time of backward.
    private readonly TotalVariationOptions _options = options.With(null);

    public override string Name => nameof(TotalVariationFunction);

    public override Tensor Composed(Tensor?[] inputs) =>
        TotalVariationComposed.Loss(inputs[0]!, inputs[1]!, _options.With(inputs[2]));

    protected override void Forward(
        in LogitPairRows rows, RowsView loss, RowsView? studentGradient, RowsView? teacherGradient) =>
        Core.TotalVariation.ForwardWithGradient(
            rows.Student, rows.Teacher, Settings(rows), loss, studentGradient, teacherGradient, rows.Queue);

    protected override void Backward(
        in LogitPairRows rows, RowsView upstream, RowsView? studentGradient, RowsView? teacherGradient) =>
        Core.TotalVariation.Backward(
            rows.Student, rows.Teacher, Settings(rows), upstream, studentGradient, teacherGradient, rows.Queue);

    private TotalVariationSettings Settings(in LogitPairRows rows) => new(_options.Temperature, _options.Reduction)
    {
        Labels = rows.Labels,
        IgnoreIndex = _options.IgnoreIndex,
    };
}
