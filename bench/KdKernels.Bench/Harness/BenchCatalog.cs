using KdKernels.Bench.HintonLoss;
using KdKernels.Bench.LogitRegression;
using KdKernels.Bench.NoisyLogits;
using KdKernels.Bench.SoftCrossEntropy;
using KdKernels.Bench.TeacherBounded;
using KdKernels.Bench.TemperedKl;
using KdKernels.Bench.VidLikelihood;

namespace KdKernels.Bench.Harness;

/// <summary>Every op that is measured, by its name in the console.</summary>
internal static class BenchCatalog
{
    /// <summary>In the order of the quick table. Cases are made one by one, since some are large.</summary>
    public static IReadOnlyList<(string Op, Func<IEnumerable<BenchCase>> Cases)> All { get; } =
    [
        ("tempered-kl", TemperedKlCases.All),
        ("hinton-loss", HintonLossCases.All),
        ("vid-likelihood", VidLikelihoodCases.All),
        ("logit-regression", LogitRegressionCases.All),
        ("noisy-logits", NoisyLogitsCases.All),
        ("soft-cross-entropy", SoftCrossEntropyCases.All),
        ("teacher-bounded", TeacherBoundedCases.All),
    ];
}
