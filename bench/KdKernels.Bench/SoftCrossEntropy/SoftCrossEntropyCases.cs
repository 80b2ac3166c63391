using KdKernels.Bench.Harness;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.SoftCrossEntropy;

/// <summary>
/// SoftCrossEntropy with class weights and the student's gradient, at a detector's numbers of boxes and classes. 2u bytes are read and
/// u written; two exponentials per element cost about as much as that.
/// </summary>
internal static class SoftCrossEntropyCases
{
    public static IEnumerable<BenchCase> All() =>
        from shape in new (int Rows, int Classes)[] { (8192, 81), (512, 21), (65536, 81) }
        select Make(shape.Rows, shape.Classes);

    private static BenchCase Make(int rows, int classes)
    {
        manual_seed(rows * 31 + classes);
        var teacher = randn(rows, classes) * 3;
        var student = (teacher * 0.7 + randn(rows, classes) * 2).requires_grad_();
        var weights = ones(classes);
        weights[0] = tensor(1.5f);
        return new BenchCase
        {
            Op = "soft-cross-entropy",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.SoftCrossEntropy(student, teacher, 1, KdReduction.BatchMean, weights),
            Composed =
            [
                new("plain", () => -(weights * softmax(teacher, 1) * log_softmax(student, 1)).sum(1).mean()),
                new("one-sum", () => (softmax(teacher, 1) * weights * log_softmax(student, 1)).sum() * (-1.0 / rows)),
            ],
            Expected = () => SoftCrossEntropyOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), classes, 1, OracleReduction.BatchMean,
                classWeights: Doubles.Of(weights)).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            IsQuick = rows == 8192,
        };
    }
}
