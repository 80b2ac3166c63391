using KdKernels.Bench.Harness;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.LogitRegression;

/// <summary>
/// LogitRegression with the student's gradient. The floor is bytes: three operations per element, 2u are read and u written.
/// </summary>
internal static class LogitRegressionCases
{
    public static IEnumerable<BenchCase> All() =>
        from shape in new (int Rows, int Classes)[] { (1024, 1000), (1024, 100), (16384, 1000) }
        select Make(shape.Rows, shape.Classes);

    private static BenchCase Make(int rows, int classes)
    {
        manual_seed(rows * 31 + classes);
        var teacher = randn(rows, classes) * 3;
        var student = (teacher * 0.7 + randn(rows, classes) * 2).requires_grad_();
        return new BenchCase
        {
            Op = "logit-regression",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.LogitRegression(student, teacher, KdReduction.BatchMean),
            Composed =
            [
                new("plain", () => 0.5 * (student - teacher).pow(2).sum(1).mean()),
                new("square", () => (student - teacher).square().sum() * (0.5 / rows)),
                new("mse-loss", () => mse_loss(student, teacher, nn.Reduction.Sum) * (0.5 / rows)),
            ],
            Expected = () => LogitRegressionOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), classes, OracleReduction.BatchMean).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            IsQuick = (rows, classes) is (1024, 1000),
        };
    }
}
