using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>AttentionSquared and AttentionMap, which share their kernels.</summary>
internal sealed class AttentionSquaredCases : StemCases
{
    public override string Stem => nameof(AttentionSquared);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = TypeOf(kernel);
        int vector = 16 / Narrow.Size(type);
        AttentionCase[] shapes = kernel.Kind switch
        {
            "planes" => Planes(type, vector),
            "pixels" => Pixels(type, vector),
            _ => General(type),
        };
        AttentionCase any = shapes[0];
        return
        [
            .. shapes,
            .. Enum.GetValues<KdReduction>().SelectMany(reduction => EveryPass(any with { Samples = reduction, Beta = 500 })),
            .. EveryPass(any with { Form = AttentionForm.Paper, Samples = KdReduction.BatchMean, Reduction = ChannelReduction.Mean }),
            .. EveryPass(any with { Power = 1, Samples = KdReduction.None }),
            .. EveryPass(any with { Power = 4, Samples = KdReduction.Sum }),
            .. Enum.GetValues<MapPattern>().Where(pattern => pattern != MapPattern.Near || type == KdElementType.Float32)
                .SelectMany(pattern => Of(any, pattern)),
            any with { Pattern = MapPattern.Equal, Form = AttentionForm.Paper, Samples = KdReduction.None },
            any with { Pattern = MapPattern.NotFinite, Power = 1, Samples = KdReduction.None },
            any with { Batch = 0, Samples = KdReduction.Sum, Pass = Pass.Forward },
            any with { Batch = 0, Samples = KdReduction.Mean, Pass = Pass.Forward },
            any with { IsMap = true, Reduction = ChannelReduction.Mean, Normalise = false, Power = 4, Pass = Pass.Forward },
            any with { IsMap = true, Reduction = ChannelReduction.Mean, Power = 4, Pass = Pass.Backward },
            any with { IsMap = true, Normalise = false, Pass = Pass.Backward },
            any with { IsMap = true, Pattern = MapPattern.Zeros, Pass = Pass.Backward },
        ];
    }

    public override ProofCase? Representative(KernelEntry kernel)
    {
        KdElementType type = TypeOf(kernel);
        // A block's: a second launch for the gradient would read the student a second time.
        var any = new AttentionCase(type, 1, 496 / Narrow.Size(type), 16, 16);
        return kernel.Kind switch
        {
            "planes" => any,
            "pixels" => any with { Channels = 480 / Narrow.Size(type), Layout = MapLayout.Pixels },
            _ => any with { Layout = MapLayout.Reversed },
        };
    }

    private static AttentionCase[] Planes(KdElementType type, int vector) =>
    [
        new(type, 3, 5, 4, 2 * vector / 4 * 2),
        new(type, 1, 2 * vector, 1, 2) { TeacherChannels = 3 * vector },
        new(type, 2, 2 * vector, 7, 7) { TeacherChannels = vector },
        new(type, 2, 16, 3, 5) { Layout = MapLayout.PlanesApart },
        new(type, 1, 1, 32, 40),
        new(type, 2, 33, 8, 8) { TeacherChannels = 30 },
        // Samples that several blocks share: by tiles, by parts, and by both.
        new(type, 2, 48, 26, 28),
        new(type, 2, 1024, 7, 7) { Pass = Pass.Forward },
        new(type, 1, 512, 8, 16) { IsMap = true, Pass = Pass.Backward },
    ];

    private static AttentionCase[] Pixels(KdElementType type, int vector) =>
    [
        .. new AttentionCase[]
        {
            new(type, 3, 2 * vector, 3, 5) { TeacherChannels = 3 * vector },
            new(type, 1, 9 * vector, 1, 1),
            new(type, 2, 5 * vector, 7, 7) { Layout = MapLayout.PixelsApart },
            new(type, 1, 130 * vector, 1, 3) { TeacherChannels = 33 * vector },
            new(type, 1, vector, 20, 17),
            new(type, 2, 1024, 7, 7) { Pass = Pass.Forward },
            new(type, 1, 64, 32, 32) { IsMap = true, Pass = Pass.Backward },
        }.Select(c => c with { Layout = c.Layout == MapLayout.Planes ? MapLayout.Pixels : c.Layout }),
    ];

    private static AttentionCase[] General(KdElementType type) =>
    [
        new(type, 3, 5, 3, 5) { Layout = MapLayout.Misaligned },
        new(type, 2, 8, 4, 4) { Layout = MapLayout.Mixed, TeacherChannels = 16 },
        new(type, 2, 7, 3, 4) { Layout = MapLayout.Reversed },
        new(type, 2, 8, 4, 4) { GradientLayout = MapLayout.Pixels },
        new(type, 2, 3, 8, 8) { TeacherHeight = 4, TeacherWidth = 4 },
        new(type, 2, 3, 7, 5) { TeacherHeight = 3, TeacherWidth = 4, TeacherChannels = 2, Layout = MapLayout.Pixels },
        new(type, 1, 3, 6, 3) { TeacherHeight = 4, TeacherWidth = 5, Power = 4 },
        new(type, 2, 3, 5, 6) { TeacherHeight = 1, TeacherWidth = 1, Power = 1 },
        new(type, 1, 2, 17, 19) { Layout = MapLayout.Misaligned },
        new(type, 1, 96, 20, 18) { Layout = MapLayout.Misaligned, TeacherChannels = 120, Pass = Pass.ForwardWithGradient },
    ];

    private static IEnumerable<AttentionCase> EveryPass(AttentionCase c)
    {
        bool exists = c.Form != AttentionForm.Paper || c.Samples != KdReduction.Mean;
        return exists ? Enum.GetValues<Pass>().Select(pass => c with { Pass = pass }) : [];
    }

    private static IEnumerable<AttentionCase> Of(AttentionCase any, MapPattern pattern) =>
    [
        any with { Pattern = pattern, Samples = KdReduction.None },
        any with { Pattern = pattern, IsMap = true, Pass = Pass.Forward },
    ];

    private static KdElementType TypeOf(KernelEntry kernel) => Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
}
