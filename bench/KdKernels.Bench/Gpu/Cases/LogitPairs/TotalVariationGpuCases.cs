using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>The bytes of TemperedKl.</summary>
internal sealed class TotalVariationGpuCases : LogitPairCases
{
    public override string Op => "total-variation";

    protected override IEnumerable<(KdElementType Type, long[] Shape)> Shapes => LogitShapes.Short;

    protected override LossOf Describe(KdElementType type, IReadOnlyList<long> shape)
    {
        var settings = new TotalVariationSettings(Temperature, KdReduction.BatchMean);
        return new LossOf(
            new GpuSettings { ["temperature"] = Temperature },
            (x, loss) => Core.TotalVariation.Forward(x.Student, x.Teacher, settings, loss, x.Queue),
            (x, loss, gradient) => Core.TotalVariation.ForwardWithGradient(
                x.Student, x.Teacher, settings, loss, gradient, queue: x.Queue),
            (x, upstream, gradient) => Core.TotalVariation.Backward(
                x.Student, x.Teacher, settings, upstream, gradient, queue: x.Queue));
    }
}
