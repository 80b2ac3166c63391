using KdKernels.Bench.Harness;
using KdKernels.Reference;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.DecoupledKd;

/// <summary>DecoupledKd with the student's gradient: 2u bytes forward, 3u with the gradient.</summary>
internal static class DecoupledKdCases
{
    private const double Temperature = 4;
    private const double Alpha = 1;
    private const double Beta = 8;

    public static IEnumerable<BenchCase> All() =>
        from shape in new (int Rows, int Classes)[] { (1024, 1000), (1024, 100) }
        select Make(shape.Rows, shape.Classes);

    private static BenchCase Make(int rows, int classes)
    {
        manual_seed(rows * 31 + classes);
        var teacher = randn(rows, classes) * 3;
        var student = (teacher * 0.7 + randn(rows, classes) * 2).requires_grad_();
        var labels = randint(0, classes, [rows], ScalarType.Int64);
        var options = new DecoupledKdOptions(Alpha, Beta, Temperature, KdReduction.BatchMean) { Labels = labels };
        return new BenchCase
        {
            Op = "decoupled-kd",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.DecoupledKd(student, teacher, labels, Alpha, Beta, Temperature, KdReduction.BatchMean),
            Composed =
            [
                new("plain", () => Plain(student, teacher, labels)),
                new("composed", () => DecoupledKdComposed.Loss(student, teacher, options)),
            ],
            Expected = () => DecoupledKdOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), labels.data<long>().ToArray(), classes, Alpha, Beta, Temperature,
                OracleReduction.BatchMean).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            IsQuick = (rows, classes) is (1024, 1000),
        };
    }

    // The authors' code: probabilities of the label and of the rest summed up, and the label masked by -1000.
    private static Tensor Plain(Tensor student, Tensor teacher, Tensor labels)
    {
        var isTarget = zeros_like(student).scatter(1, labels.unsqueeze(1), ones(student.shape[0], 1));
        var (p, q) = (softmax(teacher / Temperature, 1), softmax(student / Temperature, 1));
        var target = kl_div(Pair(q).log(), Pair(p), log_target: false, reduction: nn.Reduction.Sum);
        var within = kl_div(
            log_softmax(student / Temperature - isTarget * 1000, 1), softmax(teacher / Temperature - isTarget * 1000, 1),
            log_target: false, reduction: nn.Reduction.Sum);
        return (target * Alpha + within * Beta) * (Temperature * Temperature / student.shape[0]);

        Tensor Pair(Tensor probabilities) => cat(
            [(probabilities * isTarget).sum([1], keepdim: true), (probabilities * (isTarget * -1 + 1)).sum([1], keepdim: true)], 1);
    }
}
