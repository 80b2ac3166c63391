using KdKernels.Bench.AttentionSquared;
using KdKernels.Bench.CosineKl;
using KdKernels.Bench.CrdContrast;
using KdKernels.Bench.DecoupledKd;
using KdKernels.Bench.Dual;
using KdKernels.Bench.FspGram;
using KdKernels.Bench.HintonLoss;
using KdKernels.Bench.Jsd;
using KdKernels.Bench.LogitRegression;
using KdKernels.Bench.NoiseProbe;
using KdKernels.Bench.NoisyLogits;
using KdKernels.Bench.NormalizedMatch;
using KdKernels.Bench.PixelEntropy;
using KdKernels.Bench.ReverseKl;
using KdKernels.Bench.SoftCrossEntropy;
using KdKernels.Bench.SoftmaxEntropy;
using KdKernels.Bench.SoftmaxJvp;
using KdKernels.Bench.TeacherBounded;
using KdKernels.Bench.TemperedKl;
using KdKernels.Bench.TotalVariation;
using KdKernels.Bench.VidLikelihood;

namespace KdKernels.Bench.Harness;

/// <summary>Every op that is measured, by its name in the console.</summary>
internal static class BenchCatalog
{
    /// <summary>In the order of the quick table. Cases are made one by one, since some are large.</summary>
    public static IReadOnlyList<(string Op, Func<IEnumerable<BenchCase>> Cases)> All { get; } =
    [
        ("tempered-kl", TemperedKlCases.All),
        ("reverse-kl", ReverseKlCases.All),
        ("jsd", JsdCases.All),
        ("total-variation", TotalVariationCases.All),
        ("decoupled-kd", DecoupledKdCases.All),
        ("hinton-loss", HintonLossCases.All),
        ("softmax-entropy", SoftmaxEntropyCases.All),
        ("pixel-entropy", PixelEntropyCases.All),
        ("noise-probe", NoiseProbeCases.All),
        ("vid-likelihood", VidLikelihoodCases.All),
        ("logit-regression", LogitRegressionCases.All),
        ("noisy-logits", NoisyLogitsCases.All),
        ("soft-cross-entropy", SoftCrossEntropyCases.All),
        ("teacher-bounded", TeacherBoundedCases.All),
        ("attention-squared", AttentionSquaredCases.All),
        ("fsp-loss", FspGramCases.All),
        ("softmax-jvp", SoftmaxJvpCases.All),
        ("normalized-match", NormalizedMatchCases.All),
        ("dual-relu", DualCases.Relu),
        ("dual-max-pool", DualCases.MaxPool),
        ("dual-batch-norm", DualCases.BatchNorm),
        ("cosine-kl", CosineKlCases.All),
        ("dual-jvp", DualCases.Jvp),
        ("crd-contrast", CrdContrastCases.All),
    ];
}
