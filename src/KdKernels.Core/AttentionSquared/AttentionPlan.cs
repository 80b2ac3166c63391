namespace KdKernels.Core;

/// <summary>What all launches of a call have in common, and the workspace that they share.</summary>
internal sealed class AttentionPlan(AttentionCall call, AttentionCut cut)
{
    private readonly long samples = call.Student.Batch;

    /// <summary>A loss for each sample, the partial maps of both networks, and in floats the slopes.</summary>
    public long PartialSlots => SlopesAt + ((samples * call.Pixels) + 1) / 2;

    private long SlopesAt => Aligned(Aligned(samples) + (2 * samples * cut.Parts * call.Pixels));

    public AttentionArguments Pack(in Workspace workspace)
    {
        MapView student = call.Student;
        bool averages = call.Channels == ChannelReduction.Mean;
        double factor = call.IsGradientOnly ? (double)call.Power / (averages ? student.Channels : 1) : 1;
        DeviceView slopes = call.IsGradientOnly
            ? DeviceView.Of(call.Upstream)
            : new DeviceView(workspace.Partials.Address + ((ulong)SlopesAt * sizeof(double)), samples * call.Pixels);
        return new AttentionArguments
        {
            Student = DeviceView.Of(student.Rows),
            Teacher = DeviceView.Of(call.Teacher?.Rows),
            Gradient = DeviceView.Of(call.Gradient),
            Upstream = DeviceView.Of(call.Upstream),
            Loss = DeviceView.Of(call.Loss),
            Map = DeviceView.Of(call.Map),
            Peak = DeviceView.Of(call.Peak),
            Partials = workspace.Partials,
            Slopes = call.Gradient is null ? default : slopes,
            Counters = workspace.Counters,
            StudentMaps = Operand(student),
            TeacherMaps = call.Teacher is { } teacher ? Operand(teacher) : default,
            GradientStrides = call.Gradient is { } gradient ? Strides(gradient) : default,
            Samples = samples,
            SlopeFactor = (float)factor,
            Beta = (float)call.Beta,
            Pixels = call.Pixels,
            PooledHeight = call.Height,
            PooledWidth = call.Width,
            Columns = cut.Columns,
            LaneShift = cut.LaneShift,
            Power = call.Power,
            Mode = call.Teacher is not null ? 0 : call.Gradient is null ? 1 : 2,
            Reduction = (int)call.Reduction,
            Paper = call.Paper ? 1 : 0,
            ChannelMean = averages ? 1 : 0,
            Normalise = call.Normalise ? 1 : 0,
        };
    }

    /// <summary>The same in another cut.</summary>
    public static AttentionArguments Cut(AttentionArguments arguments, in AttentionCut cut) => arguments with
    {
        TileColumns = cut.TileColumns,
        Tiles = cut.Tiles,
        Parts = cut.Parts,
        Tasks = cut.Tasks,
        StudentMaps = Cut(arguments.StudentMaps, cut.Parts),
        TeacherMaps = Cut(arguments.TeacherMaps, cut.Parts),
    };

    private static MapOperand Cut(MapOperand maps, int parts) =>
        maps with { StepsPerPart = (maps.Steps + parts - 1) / parts };

    private MapOperand Operand(MapView map) => new(
        Strides(map.Rows), map.Channels / cut.ChannelsPerStep, StepsPerPart: 0, (int)map.Channels, map.Height, map.Width);

    /// <summary>In float64 slots, for a multiple of 32 bytes.</summary>
    private static long Aligned(long slots) => (slots + 3) & ~3L;

    private static RowStrides Strides(RowsView rows) => new(rows.OuterStride, rows.InnerStride, rows.ElementStride);
}
