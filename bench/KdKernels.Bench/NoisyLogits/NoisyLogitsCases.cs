using KdKernels.Bench.Harness;
using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.NoisyLogits;

/// <summary>
/// NoisyLogits with the student's gradient. The floor is arithmetic: a block of Philox and a Box-Muller pair per few elements, about
/// ten times what 3u bytes cost. The composed forms draw their own noise, so that values agree to the deviation of a mean.
/// </summary>
internal static class NoisyLogitsCases
{
    private const double Sigma = 0.1;
    private const double Alpha = 0.5;

    public static IEnumerable<BenchCase> All() => [Make(1024, 1000), Make(256, 10000)];

    private static BenchCase Make(int rows, int classes)
    {
        manual_seed(rows * 31 + classes);
        var teacher = randn(rows, classes) * 3;
        var student = (teacher * 0.7 + randn(rows, classes) * 2).requires_grad_();
        return new BenchCase
        {
            Op = "noisy-logits",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.NoisyLogits(student, teacher, Sigma, Alpha, KdReduction.BatchMean, seed: 1, step: 2),
            Composed =
            [
                new("plain", () =>
                {
                    var selected = (rand(rows, 1) < Alpha).to(ScalarType.Float32);
                    var noisy = teacher * (1 + randn_like(teacher) * Sigma * selected);
                    return 0.5 * (student - noisy).pow(2).sum(1).mean();
                }),
                new("mse-loss", () =>
                {
                    var factors = (rand(rows, 1) < Alpha).to(ScalarType.Float32) * Sigma;
                    var noisy = addcmul(teacher, randn_like(teacher) * factors, teacher, 1);
                    return mse_loss(student, noisy, nn.Reduction.Sum) * (0.5 / rows);
                }),
            ],
            Expected = () => Oracle(student, teacher, classes),
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            IsQuick = rows == 1024,
        };
    }

    private static double Oracle(Tensor student, Tensor teacher, int classes)
    {
        var settings = new NoisyLogitsSettings(Sigma, Alpha, KdReduction.BatchMean) { Seed = 1, Step = 2 };
        var noise = new double[student.numel()];
        for (int i = 0; i < noise.Length; i++) noise[i] = Core.NoisyLogits.Noise(settings, i / classes, i % classes);
        return NoisyLogitsOracle.Compute(
            Doubles.Of(student), Doubles.Of(teacher), noise, classes, OracleReduction.BatchMean).Loss;
    }
}
