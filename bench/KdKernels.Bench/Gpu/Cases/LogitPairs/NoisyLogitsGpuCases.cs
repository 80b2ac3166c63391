using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>The bytes of TemperedKl; a quarter of a Philox block and half a Box-Muller pair for each class.</summary>
internal sealed class NoisyLogitsGpuCases : LogitPairCases
{
    private const double Sigma = 0.5;
    private const double Alpha = 0.5;
    private const long Seed = 17;
    private const int Step = 3;

    public override string Op => "noisy-logits";

    protected override IEnumerable<(KdElementType Type, long[] Shape)> Shapes => LogitShapes.Short;

    protected override LossOf Describe(KdElementType type, IReadOnlyList<long> shape)
    {
        var settings = new NoisyLogitsSettings(Sigma, Alpha, KdReduction.BatchMean) { Seed = Seed, Step = Step };
        return new LossOf(
            new GpuSettings { ["sigma"] = Sigma, ["alpha"] = Alpha, ["seed"] = Seed, ["step"] = Step },
            (x, loss) => Core.NoisyLogits.Forward(x.Student, x.Teacher, settings, loss, x.Queue),
            (x, loss, gradient) => Core.NoisyLogits.ForwardWithGradient(
                x.Student, x.Teacher, settings, loss, gradient, queue: x.Queue),
            (x, upstream, gradient) => Core.NoisyLogits.Backward(
                x.Student, x.Teacher, settings, upstream, gradient, queue: x.Queue));
    }
}
