using KdKernels.Bench.Harness;
using KdKernels.Reference;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.TotalVariation;

/// <summary>TotalVariation with the student's gradient: 2u bytes forward, 3u with the gradient.</summary>
internal static class TotalVariationCases
{
    private const double Temperature = 4;

    public static IEnumerable<BenchCase> All() =>
        from shape in new (int Rows, int Classes)[] { (1024, 1000), (1024, 100) }
        select Make(shape.Rows, shape.Classes);

    private static BenchCase Make(int rows, int classes)
    {
        manual_seed(rows * 31 + classes);
        var teacher = randn(rows, classes) * 3;
        var student = (teacher * 0.7 + randn(rows, classes) * 2).requires_grad_();
        return new BenchCase
        {
            Op = "total-variation",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.TotalVariation(student, teacher, Temperature, KdReduction.BatchMean),
            Composed =
            [
                new("plain", () => Plain(student, teacher)),
                new("l1-loss", () => L1(student, teacher)),
            ],
            Expected = () => TotalVariationOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), classes, Temperature, OracleReduction.BatchMean).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            IsQuick = (rows, classes) is (1024, 1000),
        };
    }

    private static Tensor Plain(Tensor student, Tensor teacher) =>
        (softmax(student / Temperature, 1) - softmax(teacher / Temperature, 1)).abs().sum() / (2 * student.shape[0]);

    private static Tensor L1(Tensor student, Tensor teacher) =>
        l1_loss(softmax(student / Temperature, 1), softmax(teacher / Temperature, 1), nn.Reduction.Sum) / (2 * student.shape[0]);
}
