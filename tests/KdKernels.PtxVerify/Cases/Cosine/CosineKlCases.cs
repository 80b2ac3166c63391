using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>How the kernels of CosineKl are proved.</summary>
internal sealed class CosineKlCases : StemCases
{
    private static readonly ProofCase[] Selections =
    [
        new SelectCase(1, 0, 0.5),
        new SelectCase(40, 6, 0.75),
        new SelectCase(33, 3, 0),
        new SelectCase(70, 200, 1),
    ];

    public override string Stem => nameof(CosineKl);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel) => kernel.Kind switch
    {
        "select" => Selections,
        "rank" => [new RankCase(TypeOf(kernel), 1, 1), new RankCase(TypeOf(kernel), 21, 33), new RankCase(TypeOf(kernel), 5, 100)],
        "rows" => Rows(TypeOf(kernel)),
        _ => Normals(TypeOf(kernel)),
    };

    public override ProofCase? Representative(KernelEntry kernel) => kernel.Kind switch
    {
        "select" => null,
        "rank" => new RankCase(TypeOf(kernel), 20, 2048),
        "rows" => new CosineCase(TypeOf(kernel), 4, 64, 256, 256) { OfNormals = false },
        _ => new CosineCase(TypeOf(kernel), 4, 64, 256, 256) { OfRows = false },
    };

    public override bool Needs(KernelEntry kernel, KernelEntry other) =>
        kernel.ElementType == other.ElementType && kernel.Kind is "rows" or "normals" && other.Kind is "rows" or "normals";

    private static KdElementType TypeOf(KernelEntry kernel) => Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);

    private static ProofCase[] Rows(KdElementType type) =>
    [
        new CosineCase(type, 0, 3, 5, 4) { OfNormals = false },
        new CosineCase(type, 1, 1, 1, 1) { OfNormals = false },
        new CosineCase(type, 7, 5, 33, 20) { OfNormals = false, Masked = true, Reduction = KdReduction.None, Oddity = CosineOddity.NaN },
        new CosineCase(type, 3, 4, 260, 31) { Pass = Pass.Backward, OfNormals = false, Reduction = KdReduction.None },
        new CosineCase(type, 3, 17, 16, 16) { Pass = Pass.Forward, Temperature = 0.01, Reduction = KdReduction.Mean },
        new CosineCase(type, 3, 34, 16, 9) { OfNormals = false, Temperature = double.PositiveInfinity, Reduction = KdReduction.Sum },
        new CosineCase(type, 3, 6, 24, 24) { OfNormals = false, Oddity = CosineOddity.Equal, Reduction = KdReduction.None },
        new CosineCase(type, 4, 6, 24, 10) { OfNormals = false, Oddity = CosineOddity.Zeros, TemperatureSquared = false },
        new CosineCase(type, 5, 6, 24, 10) { OfNormals = false, Oddity = CosineOddity.Large, Strided = true },
    ];

    private static ProofCase[] Normals(KdElementType type) =>
    [
        new CosineCase(type, 0, 3, 5, 4),
        new CosineCase(type, 1, 1, 1, 1),
        new CosineCase(type, 7, 5, 33, 20) { Masked = true, Reduction = KdReduction.Mean },
        new CosineCase(type, 4, 5, 260, 31) { Pass = Pass.Backward, OfRows = false, Reduction = KdReduction.None },
        new CosineCase(type, 4, 6, 24, 10) { Oddity = CosineOddity.Zeros },
        new CosineCase(type, 5, 6, 24, 10) { Strided = true, Masked = true, Oddity = CosineOddity.Large },
    ];
}
