using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>As TemperedKl, with labels and with the totals that a training loop logs.</summary>
internal sealed class HintonLossGpuCases : LogitPairCases
{
    private const double Alpha = 0.9;

    public override string Op => "hinton-loss";

    protected override IEnumerable<(KdElementType Type, long[] Shape)> Shapes => LogitShapes.Short;

    protected override LossOf Describe(KdElementType type, IReadOnlyList<long> shape)
    {
        var settings = new HintonLossSettings(Alpha, Temperature, KdReduction.BatchMean);
        var labels = GpuTensor.Input("labels", Draw.Integers(shape[1]), KdElementType.Int64, [shape[0], .. shape.Skip(2)]);
        var totals = GpuTensor.Output("totals", KdElementType.Float64, HintonTotals.Count);
        return new LossOf(
            new GpuSettings { ["temperature"] = Temperature, ["alpha"] = Alpha },
            (x, loss) => Core.HintonLoss.Forward(
                x.Student, x.Teacher, x.Memory.PerRow(labels), settings, loss, totals: x.Memory.Vector(totals), queue: x.Queue),
            (x, loss, gradient) => Core.HintonLoss.ForwardWithGradient(
                x.Student,
                x.Teacher,
                x.Memory.PerRow(labels),
                settings,
                loss,
                gradient,
                totals: x.Memory.Vector(totals),
                queue: x.Queue),
            (x, upstream, gradient) => Core.HintonLoss.Backward(
                x.Student, x.Teacher, x.Memory.PerRow(labels), settings, upstream, gradient, x.Queue))
        {
            Inputs = [labels],
            Outputs = [totals],
        };
    }
}
