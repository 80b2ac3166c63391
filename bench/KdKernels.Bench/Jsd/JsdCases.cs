using KdKernels.Bench.Harness;
using KdKernels.Reference;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.Jsd;

/// <summary>Jsd with the student's gradient: 2u bytes forward, 3u with the gradient.</summary>
internal static class JsdCases
{
    private const double Temperature = 4;
    private const double Beta = 0.5;

    public static IEnumerable<BenchCase> All() =>
        from shape in new (int Rows, int Classes)[] { (1024, 1000), (1024, 100), (512, 32000) }
        select Make(shape.Rows, shape.Classes);

    private static BenchCase Make(int rows, int classes)
    {
        manual_seed(rows * 31 + classes);
        var teacher = randn(rows, classes) * 3;
        var student = (teacher * 0.7 + randn(rows, classes) * 2).requires_grad_();
        return new BenchCase
        {
            Op = "jsd",
            Shape = $"[{rows},{classes}]",
            Leaves = [student],
            Fused = () => KdFunctional.Jsd(student, teacher, Temperature, Beta, KdReduction.BatchMean),
            Composed =
            [
                new("plain", () => Plain(student, teacher)),
                new("log-domain", () => LogDomain(student, teacher)),
                new("log-target", () => LogTarget(student, teacher)),
                new("entropies", () => Entropies(student, teacher)),
            ],
            Expected = () => JsdOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), classes, Temperature, Beta, OracleReduction.BatchMean).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            Target = (rows, classes) is (1024, 1000) ? 8 : null,
            IsQuick = (rows, classes) is (1024, 1000),
        };
    }

    // m and its logarithm, and two divergences from it with probability targets.
    private static Tensor Plain(Tensor student, Tensor teacher)
    {
        var (p, q) = (softmax(teacher / Temperature, 1), softmax(student / Temperature, 1));
        var logM = (p * Beta + q * (1 - Beta)).log();
        return Scaled(
            kl_div(logM, p, log_target: false, reduction: nn.Reduction.Sum) * Beta
            + kl_div(logM, q, log_target: false, reduction: nn.Reduction.Sum) * (1 - Beta), student);
    }

    // What TRL does: everything from log-probabilities.
    private static Tensor LogDomain(Tensor student, Tensor teacher)
    {
        var (logP, logQ) = (log_softmax(teacher / Temperature, 1), log_softmax(student / Temperature, 1));
        var logM = stack([logP + Math.Log(Beta), logQ + Math.Log(1 - Beta)], 0).logsumexp(0);
        return Scaled(
            kl_div(logM, logP, log_target: true, reduction: nn.Reduction.Sum) * Beta
            + kl_div(logM, logQ, log_target: true, reduction: nn.Reduction.Sum) * (1 - Beta), student);
    }

    // The mixture's logarithm from probabilities, the targets as logarithms.
    private static Tensor LogTarget(Tensor student, Tensor teacher)
    {
        var (logP, logQ) = (log_softmax(teacher / Temperature, 1), log_softmax(student / Temperature, 1));
        var (p, q) = (logP.exp(), logQ.exp());
        var logM = (p * Beta + q * (1 - Beta)).log();
        return Scaled((p * (logP - logM)).sum() * Beta + (q * (logQ - logM)).sum() * (1 - Beta), student);
    }

    // As the entropy of the mixture less the mixture of the entropies: fewest operations.
    private static Tensor Entropies(Tensor student, Tensor teacher)
    {
        var (logP, logQ) = (log_softmax(teacher / Temperature, 1), log_softmax(student / Temperature, 1));
        var (p, q) = (logP.exp(), logQ.exp());
        var m = p * Beta + q * (1 - Beta);
        return Scaled((p * logP).sum() * Beta + (q * logQ).sum() * (1 - Beta) - (m * m.log()).sum(), student);
    }

    private static Tensor Scaled(Tensor sum, Tensor student) => sum * (Temperature * Temperature / student.shape[0]);
}
