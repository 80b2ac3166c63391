using KdKernels.Bench.Harness;
using KdKernels.Bench.TemperedKl;
using KdKernels.Reference;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.HintonLoss;

/// <summary>HintonLoss with the student's gradient: the bytes of TemperedKl, since metrics and cross-entropy come from the same read.</summary>
internal static class HintonLossCases
{
    private const double Temperature = 4;
    private const double Alpha = 0.9;

    public static IEnumerable<BenchCase> All() =>
        from shape in new (int Rows, int Classes)[] { (64, 100), (1024, 1000), (512, 32000) } select Make(shape.Rows, shape.Classes);

    private static BenchCase Make(int rows, int classes)
    {
        manual_seed(rows * 37 + classes);
        var teacher = randn(rows, classes) * 3;
        var student = (teacher * 0.7 + randn(rows, classes) * 2).requires_grad_();
        var labels = randint(0, classes, [rows], ScalarType.Int64);
        return new BenchCase
        {
            Op = "hinton-loss",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.HintonLoss(student, teacher, labels, Temperature, Alpha, KdReduction.BatchMean).Loss,
            Composed =
            [
                new("plain", () => Mixed(ComposedKl.Plain(student, teacher, Temperature))),
                new("log-target", () => Mixed(ComposedKl.LogTarget(student, teacher, Temperature))),
                new("by-hand", () => Mixed(ComposedKl.ByHand(student, teacher, Temperature))),
            ],
            Expected = () => HintonLossOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), labels.data<long>().ToArray(), classes, Alpha, Temperature,
                OracleReduction.BatchMean).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            IsQuick = (rows, classes) is (1024, 1000),
        };

        Tensor Mixed(Tensor divergence) => cross_entropy(student, labels) * (1 - Alpha) + divergence * Alpha;
    }
}
