using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>VidLikelihood.</summary>
internal sealed class VidLikelihoodCases : StemCases
{
    public override string Stem => nameof(VidLikelihood);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = TypeOf(kernel);
        return kernel.Kind switch
        {
            "planes" => Planes(type),
            "rows" => Rows(type),
            _ => General(type),
        };
    }

    public override ProofCase? Representative(KernelEntry kernel)
    {
        KdElementType type = TypeOf(kernel);
        return kernel.Kind switch
        {
            "planes" => new VidCase(type, 4, 512, 24),
            "rows" => new VidCase(type, 4, 512, 24) { Reduction = KdReduction.None, Pass = Pass.Forward },
            // Rows whose neighbours are neighbours in memory; a multiple of 32 bytes from row to row.
            _ => new VidCase(type, 1, 2048, 24) { Reduction = KdReduction.None, Pass = Pass.Backward },
        };
    }

    private static ProofCase[] Planes(KdElementType type)
    {
        var any = new VidCase(type, 3, 16, 5);
        return
        [
            .. Enum.GetValues<KdReduction>().Where(reduction => reduction != KdReduction.None).SelectMany(
                reduction => EveryPass(any with { Reduction = reduction, WithConstant = reduction == KdReduction.Sum })),
            any with { Outer = 1, Inner = 8, Channels = 1 },
            any with { Outer = 2, Inner = 528, Channels = 9 },
            any with { Outer = 70, Inner = 64, Channels = 8 },
            any with { Outer = 0, Pass = Pass.Forward, Reduction = KdReduction.Sum },
            any with { Outer = 0 },
            any with { Equal = true },
            any with { NotANumber = true, Reduction = KdReduction.Sum },
            .. new double[] { -80, -20, -1, 0, 15, 100 }.Select(rho => any with { Rho = rho }),
        ];
    }

    private static ProofCase[] General(KdElementType type)
    {
        var any = new VidCase(type, 3, 7, 5);
        return
        [
            .. Enum.GetValues<RowForm>().Select(form => any with { Form = form }),
            .. Enum.GetValues<RowForm>().Select(form => any with { Form = form, Reduction = KdReduction.None, Pass = Pass.Backward }),
            any with { Outer = 45, Inner = 1, Channels = 10, Form = RowForm.Contiguous, WithConstant = true, Reduction = KdReduction.Sum },
            any with { Outer = 2, Inner = 49, Channels = 17, Pass = Pass.Backward },
            any with { Outer = 1, Inner = 2100, Channels = 3, Form = RowForm.Misaligned },
            any with { Outer = 0, Form = RowForm.Contiguous },
            any with { NotANumber = true, Reduction = KdReduction.Sum },
        ];
    }

    private static ProofCase[] Rows(KdElementType type)
    {
        var any = new VidCase(type, 3, 7, 5) { Reduction = KdReduction.None, Pass = Pass.Forward };
        return
        [
            .. Enum.GetValues<RowForm>().Select(form => any with { Form = form, WithConstant = form == RowForm.Planes }),
            any with { Outer = 300, Inner = 1, Channels = 3, Form = RowForm.Contiguous },
            any with { Channels = 259 },
            any with { NotANumber = true },
        ];
    }

    private static IEnumerable<VidCase> EveryPass(VidCase c) => Enum.GetValues<Pass>().Select(pass => c with { Pass = pass });

    private static KdElementType TypeOf(KernelEntry kernel) => Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
}
