using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>TeacherBounded.</summary>
internal sealed class TeacherBoundedCases : StemCases
{
    public override string Stem => nameof(TeacherBounded);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        var any = new BoundedCase(type, 37, 1, 4);
        return
        [
            .. Enum.GetValues<KdReduction>().SelectMany(reduction => EveryPass(any with { Reduction = reduction, Masked = true })),
            .. EveryPass(any with { SmoothL1 = true, Reduction = KdReduction.Mean }),
            .. EveryPass(any with { SmoothL1 = true, Masked = true, Reduction = KdReduction.None }),
            .. Enum.GetValues<RowForm>().Select(form => any with { Outer = 3, Inner = 11, Form = form, Masked = true }),
            any with { Outer = 0 },
            any with { Outer = 0, Reduction = KdReduction.Sum, Pass = Pass.Forward },
            any with { Outer = 1, Offsets = 1 },
            any with { Outer = 9, Offsets = 5 },
            any with { Outer = 7, Offsets = 33 },
            any with { Outer = 300, SmoothL1 = true },
            any with { Ties = true, Reduction = KdReduction.None, Outer = 64 },
            any with { NotFinite = true, Reduction = KdReduction.None },
            any with { NotFinite = true, Reduction = KdReduction.None, SmoothL1 = true },
            any with { NoForeground = true, Reduction = KdReduction.Sum },
            any with { NoForeground = true },
        ];
    }

    public override ProofCase? Representative(KernelEntry kernel) => new BoundedCase(
        Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true), 3000, 1, 4);

    private static IEnumerable<BoundedCase> EveryPass(BoundedCase c) => Enum.GetValues<Pass>().Select(pass => c with { Pass = pass });
}
