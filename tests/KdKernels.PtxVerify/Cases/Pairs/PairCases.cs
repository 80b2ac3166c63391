using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Traffic;

namespace KdKernels.PtxVerify.Cases;

/// <summary>The losses on student and teacher logits that share the engine of <c>Device/Pairs</c>.</summary>
internal abstract class PairCases : StemCases
{
    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel) => [.. PairTable.Of(Stem, kernel)];

    public override ProofCase? Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        var any = new KernelCase(Stem, type, 1, 1, 1) { Labels = Stem == nameof(DecoupledKd) };
        if (kernel.Kind == "pixels")
            return new PairCase(any with { Outer = 1, Inner = 2048, Classes = 20, Layout = Layout.Pixels });
        int classes = kernel.MaxClasses > 0 ? kernel.MaxClasses : 16384;
        int rows = (TrafficProof.LeastSize / (2 * classes * Narrow.Size(type))) + 1;
        bool isGeneral = kernel.Kind == "general" && Stem != nameof(SoftCrossEntropy);
        return new PairCase(any with { Outer = rows, Classes = classes, TeacherGradient = isGeneral });
    }
}

/// <inheritdoc/>
internal sealed class JsdCases : PairCases
{
    public override string Stem => nameof(Jsd);
}

/// <inheritdoc/>
internal sealed class ReverseKlCases : PairCases
{
    public override string Stem => nameof(ReverseKl);
}

/// <inheritdoc/>
internal sealed class DecoupledKdCases : PairCases
{
    public override string Stem => nameof(DecoupledKd);
}

/// <inheritdoc/>
internal sealed class TotalVariationCases : PairCases
{
    public override string Stem => nameof(TotalVariation);
}

/// <inheritdoc/>
internal sealed class SoftCrossEntropyCases : PairCases
{
    public override string Stem => nameof(SoftCrossEntropy);
}
