using KdKernels.Bench.Harness;
using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Bench.TemperedKl;

/// <summary>TemperedKl with the student's gradient: 2u bytes forward, 3u with the gradient.</summary>
internal static class TemperedKlCases
{
    private const double Temperature = 4;

    public static IEnumerable<BenchCase> All() =>
        from shape in new (int Rows, int Classes)[] { (1024, 100), (256, 1000), (1024, 1000), (16384, 1000), (512, 32000) }
        select Make(shape.Rows, shape.Classes);

    private static BenchCase Make(int rows, int classes)
    {
        manual_seed(rows * 31 + classes);
        var teacher = randn(rows, classes) * 3;
        var student = (teacher * 0.7 + randn(rows, classes) * 2).requires_grad_();
        return new BenchCase
        {
            Op = "tempered-kl",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean),
            Composed =
            [
                new("plain", () => ComposedKl.Plain(student, teacher, Temperature)),
                new("log-target", () => ComposedKl.LogTarget(student, teacher, Temperature)),
                new("by-hand", () => ComposedKl.ByHand(student, teacher, Temperature)),
            ],
            Expected = () => TemperedKlOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), classes, Temperature, OracleReduction.BatchMean).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            Target = classes == 1000 && rows == 1024 ? 8 : null,
            IsQuick = (rows, classes) is (1024, 100) or (1024, 1000),
        };
    }
}
