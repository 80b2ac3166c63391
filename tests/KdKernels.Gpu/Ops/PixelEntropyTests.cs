using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>The entropy of noise, its gradient and the knowledge points against the oracle.</summary>
internal sealed class PixelEntropyTests : IOpTests
{
    public string Op => "pixel-entropy";

    private static (int Images, int Units)[] ShapesOf(bool quick) => quick
        ? [(50, 256), (3, 2001)]
        : [(50, 256), (3, 2001), (1, 1), (7, 31), (1, 200_003), (70, 2048), (4, 150_528)];

    public void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var (images, units) in ShapesOf(session.Quick))
            {
                foreach (var reduction in Enum.GetValues<KdReduction>())
                {
                    session.Test(
                        $"{Op} [{images},{units}] {type} {reduction}", () => Entropy(session, type, images, units, reduction));
                }
                session.Test($"{Op} points [{images},{units}] {type}", () => Points(session, type, images, units));
            }
            session.Test($"{Op} 0, negative and infinite deviations {type}", () => Special(session, type));
        }
    }

    private static void Entropy(TestSession session, ScalarType type, int images, int units, KdReduction reduction)
    {
        var sigma = Deviations(session, type, images, units).requires_grad_();
        bool perUnit = reduction == KdReduction.None;
        double[] upstream = [.. Enumerable.Range(0, perUnit ? images * units : 1).Select(i => 1.5 + (i % 7))];
        var truth = PixelEntropyOracle.Compute(
            Check.Values(sigma), images, (OracleReduction)(int)reduction, upstream: upstream);
        var entropy = KdFunctional.PixelEntropy(sigma, reduction);
        Check.True(entropy.dtype == ScalarType.Float32, $"an entropy of Float32 but got {entropy.dtype}");
        if (perUnit) Check.Losses(truth.Map, entropy);
        else Check.Loss(truth.Entropy, entropy);
        using (no_grad()) Check.SameBits(entropy, KdFunctional.PixelEntropy(sigma, reduction), "the entropy of another call");
        entropy.backward([perUnit ? tensor(upstream).to(entropy.dtype).to(session.Device).reshape(sigma.shape) : full_like(entropy, upstream[0])]);
        Check.Gradient(truth.Gradient, sigma.grad, type);
    }

    private static void Points(TestSession session, ScalarType type, int images, int units)
    {
        var sigma = Deviations(session, type, images, units);
        bool[] mask = [.. Enumerable.Range(0, images * units).Select(i => i * 7 % 11 < 4)];
        var foreground = tensor(mask, [images, units]).to(session.Device);
        var truth = PixelEntropyOracle.Compute(Check.Values(sigma), images, OracleReduction.Mean, 0.2, mask);
        using var result = KdFunctional.PixelEntropyPoints(sigma, foreground, KdReduction.Mean, withMap: true);
        Check.Loss(truth.Entropy, result.Entropy);
        Check.Loss(truth.BackgroundMean, result.BackgroundMean, "background mean");
        Check.Losses(truth.Map, result.Map!, "map");
        Check.True(
            Check.Values(result.ForegroundPoints).SequenceEqual(truth.ForegroundPoints.Select(count => (double)count)),
            "the oracle's points of the foreground");
        Check.True(
            Check.Values(result.BackgroundPoints).SequenceEqual(truth.BackgroundPoints.Select(count => (double)count)),
            "the oracle's points of the background");
    }

    private static void Special(TestSession session, ScalarType type)
    {
        var sigma = tensor(new float[] { 0.5f, 0, -1, float.PositiveInfinity, float.NaN, 0.25f }, [1, 6]).to(type).to(session.Device);
        using var none = no_grad();
        double[] map = Check.Values(KdFunctional.PixelEntropy(sigma, KdReduction.None));
        Check.True(
            double.IsNegativeInfinity(map[1]) && double.IsNaN(map[2]) && double.IsPositiveInfinity(map[3]) && double.IsNaN(map[4]),
            $"−inf, NaN, inf, NaN but got {string.Join(", ", map[1..5])}");
        Check.Loss(double.NaN, KdFunctional.PixelEntropy(sigma, KdReduction.Mean));
        Check.Loss(double.NegativeInfinity, KdFunctional.PixelEntropy(sigma.narrow(1, 0, 2).contiguous(), KdReduction.Sum));
    }

    private static Tensor Deviations(TestSession session, ScalarType type, int images, int units) =>
        (randn([images, units], ScalarType.Float32, generator: new Generator(11, CPU)) - 4).exp().to(type).to(session.Device);
}
