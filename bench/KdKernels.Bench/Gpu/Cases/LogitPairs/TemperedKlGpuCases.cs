using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>Loss alone 2u, with the gradient 3u, u being one tensor of logits.</summary>
internal sealed class TemperedKlGpuCases : LogitPairCases
{
    public override string Op => "tempered-kl";

    protected override IEnumerable<(KdElementType Type, long[] Shape)> Shapes => LogitShapes.Full;

    protected override LossOf Describe(KdElementType type, IReadOnlyList<long> shape)
    {
        var settings = new TemperedKlSettings(Temperature, KdReduction.BatchMean);
        return new LossOf(
            new GpuSettings { ["temperature"] = Temperature },
            (x, loss) => Core.TemperedKl.Forward(x.Student, x.Teacher, settings, loss, x.Queue),
            (x, loss, gradient) => Core.TemperedKl.ForwardWithGradient(
                x.Student, x.Teacher, settings, loss, gradient, queue: x.Queue),
            (x, upstream, gradient) => Core.TemperedKl.Backward(
                x.Student, x.Teacher, settings, upstream, gradient, queue: x.Queue));
    }
}
