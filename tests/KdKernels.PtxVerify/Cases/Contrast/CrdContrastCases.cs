using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Traffic;

namespace KdKernels.PtxVerify.Cases;

/// <summary>How the kernels of CrdContrast are proved.</summary>
internal sealed class CrdContrastCases : StemCases
{
    public override string Stem => nameof(CrdContrast);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel) => kernel.Kind switch
    {
        "draw" => Draws,
        "update" => Updates(TypeOf(kernel)),
        "rows" => Rows(TypeOf(kernel), kernel.MaxClasses),
        _ => General(TypeOf(kernel)),
    };

    public override ProofCase? Representative(KernelEntry kernel)
    {
        if (kernel.Kind == "draw") return null;
        KdElementType type = TypeOf(kernel);
        int dimension = kernel.Kind == "rows" ? kernel.MaxClasses : 128;
        if (kernel.Kind == "update") return new CrdUpdateCase(type, 128, 128, 256);

        // Each row of the bank is met once, by one anchor: what several share would be read again, out of the L2 cache.
        int rows = ((kernel.MaxClasses == 512 ? 4 : 1) * TrafficProof.LeastSize / (dimension * Narrow.Size(type))) + 1;
        return new CrdCase(type, 1, rows, dimension, rows);
    }

    private static KdElementType TypeOf(KernelEntry kernel) => Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);

    private static readonly ProofCase[] Draws =
    [
        new CrdDrawCase(3, 50, 41),
        new CrdDrawCase(1, 2, 1),
        new CrdDrawCase(5, 7, 6) { Draws = CrdDraws.OtherClasses },
        new CrdDrawCase(2, 1000, 1030) { Draws = CrdDraws.OtherClasses, OnDevice = true },
        new CrdDrawCase(2, 40000, 39) { Seed = 3, Step = 0 },
    ];

    private static ProofCase[] Updates(KdElementType type) =>
    [
        new CrdUpdateCase(type, 1, 1, 1),
        new CrdUpdateCase(type, 9, 40, 128),
        new CrdUpdateCase(type, 70, 90, 33) { Distinct = 11, Momentum = 0.9 },
        new CrdUpdateCase(type, 40, 50, 31) { Distinct = 3, Strided = true },
        new CrdUpdateCase(type, 5, 9, 64) { Momentum = 1 },
        new CrdUpdateCase(type, 5, 9, 64) { Momentum = 0 },
    ];

    private static ProofCase[] Rows(KdElementType type, int longest)
    {
        int vector = 16 / Narrow.Size(type);
        int d = longest;
        ProofCase[] ofLength =
        [
            new CrdCase(type, 1, 1, vector, 1),
            new CrdCase(type, 3, 19, d, 7) { Reduction = KdReduction.None, Epsilon = 1e-7 },
            new CrdCase(type, 2, 50, d - (3 * vector), 17) { Pass = CrdPass.Backward, Reduction = KdReduction.Sum },
            new CrdCase(type, 2, 40, d - vector, 33) { Layout = CrdLayout.Strided },
            new CrdCase(type, 2, 30, d, 5) { Pass = CrdPass.Estimate },
        ];
        if (longest > 128) return ofLength;

        // What does not depend on the length of a row.
        return
        [
            .. ofLength,
            new CrdCase(type, 0, 5, d, 3),
            new CrdCase(type, 0, 5, d, 3) { Reduction = KdReduction.Sum, Pass = CrdPass.Forward },
            new CrdCase(type, 3, 50, 96, 17) { Pass = CrdPass.Backward, Reduction = KdReduction.None, Epsilon = 0.5 },
            new CrdCase(type, 1, 97, vector, 1025) { Draws = CrdDraws.OtherClasses, OnDevice = true },
            new CrdCase(type, 35, 23, vector, 5) { Draws = CrdDraws.Relaxed },
            new CrdCase(type, 3, 20, 64, 20) { Oddity = CrdOddity.NaN, Reduction = KdReduction.None },
            new CrdCase(type, 3, 20, 64, 20) { Oddity = CrdOddity.BadIndex, Reduction = KdReduction.None },
            new CrdCase(type, 2, 20, 32, 9) { Oddity = CrdOddity.Zeros, Pass = CrdPass.Forward },
            new CrdCase(type, 2, 20, 32, 9) { Oddity = CrdOddity.Large },
            new CrdCase(type, 2, 20, 32, 9) { Temperature = 1e-3 },
            new CrdCase(type, 2, 20, 32, 9) { Temperature = 1e3 },
            new CrdCase(type, 2, 30, 32, 11) { Pass = CrdPass.Estimate, Temperature = 0.005 },
            new CrdCase(type, 2, 30, 32, 11) { Pass = CrdPass.EstimateOnce, Draws = CrdDraws.Relaxed },
            new CrdCase(type, 2, 30, 32, 11) { Pass = CrdPass.EstimateAgain },
        ];
    }

    private static ProofCase[] General(KdElementType type) =>
    [
        new CrdCase(type, 0, 5, 3, 3),
        new CrdCase(type, 1, 1, 1, 1),
        new CrdCase(type, 3, 19, 31, 7) { Reduction = KdReduction.None, Epsilon = 1e-7, Layout = CrdLayout.Misaligned },
        new CrdCase(type, 2, 50, 33, 17) { Pass = CrdPass.Backward, Reduction = KdReduction.Sum, Layout = CrdLayout.Strided },
        new CrdCase(type, 1, 20, 1024, 3) { Draws = CrdDraws.OtherClasses, OnDevice = true },
        new CrdCase(type, 1, 97, 5, 131) { Draws = CrdDraws.Relaxed },
        new CrdCase(type, 3, 20, 17, 10) { Oddity = CrdOddity.NaN, Reduction = KdReduction.None },
        new CrdCase(type, 3, 20, 17, 10) { Oddity = CrdOddity.BadIndex, Reduction = KdReduction.None },
        new CrdCase(type, 2, 30, 7, 11) { Pass = CrdPass.Estimate },
        new CrdCase(type, 2, 30, 7, 11) { Pass = CrdPass.Forward, Temperature = 0.005 },
    ];
}
