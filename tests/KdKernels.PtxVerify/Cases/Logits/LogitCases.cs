using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxEmulator;
using KdKernels.PtxVerify.Driver;
using KdKernels.PtxVerify.Traffic;

namespace KdKernels.PtxVerify.Cases;

/// <summary>The ops on rows of logits whose kernels are chosen by the length of a row.</summary>
internal abstract class LogitCases : StemCases
{
    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel) => CaseTable.Of(Stem, kernel);

    public override ProofCase? Representative(KernelEntry kernel)
    {
        if (kernel.Kind == "count") return null;
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        int size = Narrow.Size(type);
        var any = new KernelCase(Stem, type, 1, 1, 1);
        switch (kernel.Kind)
        {
            case "split":
                return any with { Classes = 65536, Pass = Pass.Forward };
            case "pixels":
                return any with { Outer = 1, Inner = 2048, Classes = 20, Layout = Layout.Pixels };
            default:
                int classes = kernel.MaxClasses > 0 ? kernel.MaxClasses : 16384;
                int rows = Math.Max(1, (TrafficProof.LeastSize / (2 * classes * size)) + 1);
                return any with { Outer = rows, Classes = classes };
        }
    }

    // The launcher splits rows only where they would leave most multiprocessors idle.
    public override (EmulatedGpuShape First, EmulatedGpuShape Second) Devices(KernelEntry kernel) =>
        kernel.Kind == "split"
            ? (new EmulatedGpuShape(8), new EmulatedGpuShape(132, 2, BlockOrder.Shuffled))
            : base.Devices(kernel);
}

/// <inheritdoc/>
internal sealed class TemperedKlCases : LogitCases
{
    public override string Stem => nameof(TemperedKl);
}

/// <inheritdoc/>
internal sealed class HintonLossCases : LogitCases
{
    public override string Stem => nameof(HintonLoss);
}

/// <inheritdoc/>
internal sealed class SoftmaxEntropyCases : LogitCases
{
    public override string Stem => nameof(SoftmaxEntropy);
}
