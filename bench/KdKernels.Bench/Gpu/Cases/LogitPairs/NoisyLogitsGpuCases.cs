using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>The bytes of TemperedKl; the generator's arithmetic for each class of half of the rows besides.</summary>
internal sealed class NoisyLogitsGpuCases : LogitPairCases
{
    private const double Sigma = 0.1, Alpha = 0.5;
    private const int Seed = 1, Step = 2;

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
