using KdKernels.Bench.Harness;
using KdKernels.Reference;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.ReverseKl;

/// <summary>ReverseKl with the student's gradient: 2u bytes forward, 3u with the gradient.</summary>
internal static class ReverseKlCases
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
            Op = "reverse-kl",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.ReverseKl(student, teacher, Temperature, KdReduction.BatchMean),
            Composed =
            [
                new("plain", () => Plain(student, teacher)),
                new("log-target", () => LogTarget(student, teacher)),
                new("by-hand", () => ByHand(student, teacher)),
            ],
            Expected = () => ReverseKlOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), classes, Temperature, OracleReduction.BatchMean).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            IsQuick = (rows, classes) is (1024, 1000),
        };
    }

    private static Tensor Plain(Tensor student, Tensor teacher) => Scaled(
        kl_div(log_softmax(teacher / Temperature, 1), softmax(student / Temperature, 1), log_target: false, reduction: nn.Reduction.Sum),
        student);

    private static Tensor LogTarget(Tensor student, Tensor teacher) => Scaled(
        kl_div(log_softmax(teacher / Temperature, 1), log_softmax(student / Temperature, 1), log_target: true, reduction: nn.Reduction.Sum),
        student);

    private static Tensor ByHand(Tensor student, Tensor teacher)
    {
        var logQ = log_softmax(student / Temperature, 1);
        return Scaled((logQ.exp() * (logQ - log_softmax(teacher / Temperature, 1))).sum(), student);
    }

    private static Tensor Scaled(Tensor sum, Tensor student) => sum * (Temperature * Temperature / student.shape[0]);
}
