using KdKernels.Bench.HintonLoss;
using KdKernels.Bench.NoiseProbe;
using KdKernels.Bench.PixelEntropy;
using KdKernels.Bench.SoftmaxEntropy;
using KdKernels.Bench.TemperedKl;

namespace KdKernels.Bench.Harness;

/// <summary>Every op that is measured, by its name in the console.</summary>
internal static class BenchCatalog
{
    /// <summary>In the order of the quick table. Cases are made one by one, since some are large.</summary>
    public static IReadOnlyList<(string Op, Func<IEnumerable<BenchCase>> Cases)> All { get; } =
    [
        ("tempered-kl", TemperedKlCases.All),
        ("hinton-loss", HintonLossCases.All),
        ("softmax-entropy", SoftmaxEntropyCases.All),
        ("pixel-entropy", PixelEntropyCases.All),
        ("noise-probe", NoiseProbeCases.All),
    ];
}
