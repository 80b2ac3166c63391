using KdKernels.Bench.Harness;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.NormalizedMatch;

/// <summary>NormalizedMatch at the input sizes of CIFAR and ImageNet, beside three ways of composing it.</summary>
internal static class NormalizedMatchCases
{
    public static IEnumerable<BenchCase> All() =>
    [
        Case(64, 3072, target: 4),
        Case(64, 150528, target: 3),
        Case(1, 1 << 22, quick: false),
    ];

    private static BenchCase Case(long rows, long length, double? target = null, bool quick = true)
    {
        var student = randn(rows, length).requires_grad_();
        var teacher = randn(rows, length) + student.detach();
        return new BenchCase
        {
            Op = "normalized-match",
            Shape = $"[{rows},{length}]",
            Leaves = [student],
            Fused = () => KdFunctional.NormalizedMatch(student, teacher, KdReduction.BatchMean),
            Composed =
            [
                new("normalize", () => (nn.functional.normalize(student) - nn.functional.normalize(teacher)).square().sum() / rows),
                new("cosine", () => (2 - (2 * nn.functional.cosine_similarity(student, teacher, 1, 1e-12))).sum() / rows),
                new("dots", () =>
                {
                    var norms = student.square().sum(1) * teacher.square().sum(1);
                    return (2 - (2 * (student * teacher).sum(1) * norms.rsqrt())).sum() / rows;
                }),
            ],
            Expected = () => NormalizedMatchOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), (int)length, 1e-12, OracleReduction.BatchMean).Loss,
            ForwardBytes = BenchCase.Bytes(student, teacher),
            TotalBytes = BenchCase.Bytes(student, teacher, student),
            Target = target,
            IsQuick = quick,
        };
    }
}
