using KdKernels.Bench.Harness;
using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Bench.PixelEntropy;

/// <summary>
/// Mean entropy of the deviations of fifty grids and of a batch of images, with its gradient. Least traffic: sigma once forward;
/// with backward the gradient too, written in the same read.
/// </summary>
internal static class PixelEntropyCases
{
    private const double OfUnitNoise = 1.4189385332046727;

    public static IEnumerable<BenchCase> All()
    {
        yield return Make([50, 16, 16], target: 2);
        yield return Make([32, 3, 224, 224], shareTarget: 0.6);
    }

    private static BenchCase Make(long[] shape, double? target = null, double? shareTarget = null)
    {
        manual_seed(shape[0]);
        var sigma = (rand(shape) * -6.9).exp().detach().requires_grad_();
        return new BenchCase
        {
            Op = "pixel-entropy",
            Shape = $"[{string.Join(',', shape)}]",
            Leaves = [sigma],
            Fused = () => KdFunctional.PixelEntropy(sigma, KdReduction.Mean),
            Composed =
            [
                new("plain", () => (sigma.log() + OfUnitNoise).mean()),
                new("constant-last", () => sigma.log().mean() + OfUnitNoise),
            ],
            Expected = () => PixelEntropyOracle.Compute(Doubles.Of(sigma), (int)shape[0], OracleReduction.Mean).Entropy,
            ForwardBytes = BenchCase.Bytes(sigma),
            TotalBytes = 2 * BenchCase.Bytes(sigma),
            Target = target,
            ShareTarget = shareTarget,
        };
    }
}
