using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases.Fsp;

/// <summary>How the kernels of FspGram and FspLoss are proved.</summary>
internal sealed class FspCases : StemCases
{
    public override string Stem => "FspGram";

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        var any = new FspCase(TypeOf(kernel), FspCall.Gram, 2, 3, 5, 4, 4)
        {
            AllowTf32 = kernel.Kind.StartsWith("tf32", StringComparison.Ordinal),
        };
        return kernel.Kind switch
        {
            "gram-general" => General(any),
            "gradient-general" => GeneralGradients(any),
            "unpool" => Unpooled(any with { Call = FspCall.GramBackward }),
            "norms" => Norms(any),
            _ when kernel.Kind.EndsWith("gram", StringComparison.Ordinal) => Planes(any),
            _ => PlaneGradients(any),
        };
    }

    public override ProofCase? Representative(KernelEntry kernel)
    {
        var any = (FspCase)Table(kernel)[0];
        return kernel.Kind switch
        {
            // Too few pixels to be shared by blocks: there are no parts to write and read.
            "gram" or "tf32-gram" => any with { Call = FspCall.Loss, Channels1 = 64, Channels2 = 64, Height = 8, Width = 12 },
            "gram-general" => any with
            {
                Call = FspCall.Loss,
                Channels1 = 64,
                Channels2 = 64,
                Height = 8,
                Width = 12,
                Layout = MapLayout.Reversed,
            },
            "gradient" or "tf32-gradient" =>
                any with { Call = FspCall.GramBackward, Channels1 = 64, Channels2 = 64, Height = 16, Width = 16 },
            _ => null,
        };
    }

    public override double TrafficLimit(KernelEntry kernel) => 1.2;

    public override bool Needs(KernelEntry kernel, KernelEntry other) => kernel.Kind switch
    {
        "norms" => other.ElementType == "float32" && other.Kind is "gram" or "gradient",
        "unpool" => other.ElementType == kernel.ElementType && other.Kind == "gradient-general",
        _ when kernel.Kind.Contains("gradient", StringComparison.Ordinal) =>
            other.ElementType == kernel.ElementType
            && (other.Kind == kernel.Kind.Replace("gradient", "gram", StringComparison.Ordinal)
                || (other.Kind == "unpool" && kernel.Kind == "gradient-general")),
        _ => false,
    };

    private static KdElementType TypeOf(KernelEntry kernel) => Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);

    private static FspCase[] Planes(FspCase any) =>
    [
        any,
        any with { Batch = 0, Call = FspCall.Loss },
        any with { Channels1 = 1, Channels2 = 1 },
        any with { Channels1 = 65, Channels2 = 63 },
        any with { Batch = 1, Channels1 = 33, Channels2 = 130, Height = 4, Width = 10 },
        // Several parts of a tile, the last one shorter.
        any with { Channels1 = 17, Channels2 = 9, Height = 24, Width = 24, Positive = true },
        any with { Batch = 1, Channels1 = 9, Channels2 = 9, Height = 32, Width = 36, Positive = true, Symmetric = true },
        any with { Batch = 1, Channels1 = 70, Channels2 = 70, Symmetric = true },
        any with { Channels1 = 9, HasNaN = true },
        // A teacher of another size.
        any with { Call = FspCall.Loss, Channels1 = 20, Channels2 = 12, Height = 8, Width = 8, Teacher = (4, 4) },
        any with { Call = FspCall.Loss, Form = FspForm.Mean, Reduction = KdReduction.None, Channels1 = 65 },
        any with { Call = FspCall.Loss, Form = FspForm.ColumnNorms, Reduction = KdReduction.None, Channels2 = 65 },
        any with { Call = FspCall.Loss, Form = FspForm.ColumnNorms, Reduction = KdReduction.Sum },
        any with { Call = FspCall.Loss, Symmetric = true, Channels1 = 66, Channels2 = 66, Reduction = KdReduction.Sum },
        any with { Call = FspCall.Loss, Equal = true, Channels1 = 12, Height = 20, Width = 20 },
    ];

    private static FspCase[] General(FspCase any) =>
    [
        any with { Layout = MapLayout.Misaligned },
        any with { Height = 1, Width = 1 },
        any with { Height = 7, Width = 7, Channels1 = 65 },
        any with { Layout = MapLayout.Pixels, Channels1 = 70, Height = 5 },
        any with { Second = (2, 2) },
        any with { Second = (3, 5), Pooling = FspPooling.Average },
        any with { Second = (6, 3), Layout = MapLayout.Pixels },
        any with { Second = (2, 3), HasNaN = true },
        any with { Layout = MapLayout.Misaligned, Symmetric = true, Channels1 = 5 },
        any with { Call = FspCall.Loss, Second = (2, 2), Teacher = (3, 3), Form = FspForm.ColumnNorms },
        any with { Call = FspCall.Loss, Height = 19, Width = 19, Reduction = KdReduction.None },
    ];

    private static FspCase[] PlaneGradients(FspCase any) =>
    [
        any with { Call = FspCall.GramBackward },
        any with { Call = FspCall.GramBackward, Channels1 = 1, Channels2 = 1 },
        any with { Call = FspCall.GramBackward, Channels1 = 65, Channels2 = 35, Height = 12, Width = 12 },
        any with { Call = FspCall.GramBackward, Channels1 = 16, Channels2 = 80, Height = 8, Width = 20, FirstOnly = true },
        any with { Call = FspCall.GramBackward, Channels1 = 9, Channels2 = 9, Symmetric = true, Positive = true },
        any with { Call = FspCall.LossWithGradient, Channels1 = 20, Channels2 = 12, Height = 8, Width = 8, Teacher = (4, 4) },
        any with { Call = FspCall.LossWithGradient, Form = FspForm.ColumnNorms, Channels2 = 65 },
        any with { Call = FspCall.LossWithGradient, Equal = true, Form = FspForm.ColumnNorms },
        any with { Call = FspCall.LossBackward, Form = FspForm.Mean, Reduction = KdReduction.None },
        any with { Call = FspCall.LossBackward, Reduction = KdReduction.Sum, Symmetric = true, Channels1 = 5 },
        any with { Call = FspCall.LossBackward, Batch = 0, Reduction = KdReduction.Sum },
    ];

    private static FspCase[] GeneralGradients(FspCase any) =>
    [
        any with { Call = FspCall.GramBackward, Layout = MapLayout.Misaligned },
        any with { Call = FspCall.GramBackward, Height = 1, Width = 1 },
        any with { Call = FspCall.GramBackward, Height = 7, Width = 7, Channels1 = 65 },
        any with { Call = FspCall.GramBackward, Layout = MapLayout.Pixels, Channels2 = 34, Height = 13, Width = 11 },
        any with { Call = FspCall.GramBackward, Second = (2, 2), FirstOnly = true },
        any with { Call = FspCall.LossWithGradient, Second = (3, 2), Pooling = FspPooling.Average },
        any with { Call = FspCall.LossBackward, Layout = MapLayout.Misaligned, Reduction = KdReduction.None },
    ];

    private static FspCase[] Unpooled(FspCase any) =>
    [
        any with { Second = (2, 2) },
        any with { Second = (2, 2), Pooling = FspPooling.Average },
        any with { Height = 7, Width = 5, Second = (3, 4) },
        any with { Height = 7, Width = 5, Second = (3, 4), Pooling = FspPooling.Average },
        any with { Height = 6, Width = 3, Second = (4, 5), Layout = MapLayout.Pixels },
        any with { Second = (2, 3), FirstOnly = true, Layout = MapLayout.Misaligned },
        any with { Height = 9, Width = 9, Second = (1, 1) },
    ];

    private static FspCase[] Norms(FspCase any) =>
    [
        any with { Call = FspCall.Loss, Form = FspForm.ColumnNorms, Channels1 = 65, Channels2 = 300 },
        any with { Call = FspCall.LossWithGradient, Form = FspForm.ColumnNorms, Channels1 = 130, Reduction = KdReduction.None },
        any with { Call = FspCall.LossBackward, Form = FspForm.ColumnNorms, Channels1 = 66, Channels2 = 66, Symmetric = true },
    ];
}
