using KdKernels.Bench.Harness;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.CosineKl;

/// <summary>
/// CosineKl at SSKD's size: 192 augmented against 64 normal embeddings of 256, for both networks. Least traffic: each embedding once,
/// and each gradient. 25 Mflop, so that arithmetic decides, not bytes.
/// </summary>
internal static class CosineKlCases
{
    private const double Temperature = 0.5;
    private const int Normals = 64, Dimension = 256;

    public static IEnumerable<BenchCase> All()
    {
        manual_seed(11);
        var (teacherAugmented, teacherNormal) = (randn(3 * Normals, Dimension), randn(Normals, Dimension));
        var augmented = (teacherAugmented * 0.5 + randn(3 * Normals, Dimension)).detach().requires_grad_();
        var normal = (teacherNormal * 0.5 + randn(Normals, Dimension)).detach().requires_grad_();
        yield return new BenchCase
        {
            Op = "cosine-kl",
            Shape = $"[{3 * Normals} against {Normals},{Dimension}]",
            Leaves = [augmented, normal],
            Fused = () => KdFunctional.CosineKl(
                augmented, normal, teacherAugmented, teacherNormal, Temperature, KdReduction.BatchMean),
            Composed =
            [
                new("plain", () => Divergence(
                    Product(augmented, normal), Product(teacherAugmented, teacherNormal), logTarget: false)),
                new("log-target", () => Divergence(
                    Product(augmented, normal), Product(teacherAugmented, teacherNormal), logTarget: true)),
            ],
            Beside =
            [
                new("expanded", () => Divergence(
                    Expanded(augmented, normal), Expanded(teacherAugmented, teacherNormal), logTarget: false)),
            ],
            Expected = () => CosineKlOracle.Compute(
                Doubles.Of(augmented), Doubles.Of(normal), Dimension, Doubles.Of(teacherAugmented), Doubles.Of(teacherNormal), Dimension,
                Temperature, OracleReduction.BatchMean).Loss,
            ForwardBytes = BenchCase.Bytes(augmented, normal, teacherAugmented, teacherNormal),
            TotalBytes = BenchCase.Bytes(augmented, normal, teacherAugmented, teacherNormal, augmented, normal),
            Target = 3,
        };
    }

    private static Tensor Product(Tensor augmented, Tensor normal) => normalize(augmented).matmul(normalize(normal).t());

    // The reference implementation's: [A, D, B] for both arguments of cosine_similarity.
    private static Tensor Expanded(Tensor augmented, Tensor normal) => cosine_similarity(
        augmented.unsqueeze(2).expand(-1, -1, normal.shape[0]), normal.t().unsqueeze(0).expand(augmented.shape[0], -1, -1), dim: 1);

    private static Tensor Divergence(Tensor student, Tensor teacher, bool logTarget) => kl_div(
        log_softmax(student / Temperature, 1),
        logTarget ? log_softmax(teacher / Temperature, 1) : softmax(teacher / Temperature, 1),
        log_target: logTarget,
        reduction: nn.Reduction.Sum) * (Temperature * Temperature / student.shape[0]);
}
