using KdKernels.Bench.AttentionSquared;
using KdKernels.Bench.FspGram;
using KdKernels.Bench.HintonLoss;
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
        ("attention-squared", AttentionSquaredCases.All),
        ("fsp-loss", FspGramCases.All),
    ];
}
