using System.Numerics;

namespace KdKernels.Core;

/// <summary>
/// How samples are cut into tasks, each of them a block's: tiles of columns (neighbouring pixels) by parts of the
/// channels. It depends on the shape of a sample alone, so that its bits depend neither on the device nor on the batch.
/// <list type="bullet">
/// <item>planes: a column is a vector of neighbouring pixels, a step a period: as many channels as it takes until vectors
/// show the same pixels again, 1 where H·W is a multiple of a vector;</item>
/// <item>pixels and general: a column is a pixel, a step a channel.</item>
/// </list>
/// </summary>
internal readonly record struct AttentionCut
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    /// <summary>What is read for a task: enough to hide its beginning and its end, little enough for many tasks.</summary>
    public const long BytesPerTask = 128 << 10;

    // A warp's loads of neighbouring vectors then fill 512 bytes.
    private const int LeastTileColumns = 32;

    // Loads of a thread on their way at a time.
    private const int Batch = 4;

    private AttentionCut(string kind, int vector, AttentionCall call)
    {
        int pixels = call.Pixels;
        ChannelsPerStep = kind == KernelKind.Planes ? vector / (int)BigInteger.GreatestCommonDivisor(pixels, vector) : 1;
        Columns = kind == KernelKind.Planes ? (int)((long)pixels * ChannelsPerStep / vector) : pixels;
        if (kind == KernelKind.Pixels) LaneShift = LaneShiftOf(call.Student.Channels / vector);
    }

    public int ChannelsPerStep { get; }

    public int Columns { get; }

    /// <summary>log2 of the threads that share a pixel.</summary>
    public int LaneShift { get; }

    public int TileColumns { get; private init; }

    public int Tiles { get; private init; }

    public int Parts { get; private init; }

    /// <summary>1: one block does a sample, with its gradient.</summary>
    public int Tasks => Tiles * Parts == 1 || IsWhole ? 1 : Tiles * Parts;

    private bool IsWhole { get; init; }

    /// <summary>How the maps are summed.</summary>
    public static AttentionCut OfMaps(string kind, int vector, AttentionCall call)
    {
        long bytes = Bytes(call.Student) + (call.Teacher is { } teacher ? Bytes(teacher) : 0);
        long channels = Math.Max(call.Student.Channels, call.Teacher?.Channels ?? 1);
        return new AttentionCut(kind, vector, call).Into(kind, Math.Max(1, bytes / BytesPerTask), channels);
    }

    /// <summary>How the gradient is written by a launch of its own, which reads the student only.</summary>
    public static AttentionCut OfGradient(string kind, int vector, AttentionCall call)
    {
        MapView student = call.Student;
        long wanted = Math.Max(1, 2 * Bytes(student) / BytesPerTask);
        var cut = new AttentionCut(kind, vector, call);
        if (kind != KernelKind.General) return cut.Into(kind, wanted, student.Channels);

        // Its threads walk the student's own pixels, whatever the tiles.
        int ranks = Threads / Math.Min(student.Pixels, Threads);
        return cut with
        {
            TileColumns = Math.Min(cut.Columns, Threads),
            Tiles = 1,
            Parts = MostParts(wanted, student.Channels, ranks),
        };
    }

    private AttentionCut Into(string kind, long wanted, long channels)
    {
        if (kind == KernelKind.Pixels)
        {
            // Whole passes of the block over its pixels.
            int pass = Threads >> LaneShift;
            long passes = Math.Max(1, Columns / (wanted * pass));
            int pixels = wanted == 1 ? Columns : (int)Math.Min(Columns, passes * pass);
            return this with { TileColumns = pixels, Tiles = Ceiling(Columns, pixels), Parts = 1 };
        }

        bool isWhole = wanted == 1;
        long tiles = Math.Clamp(Columns / LeastTileColumns, 1, wanted);
        int columns = isWhole || tiles == 1 ? Columns : Ceiling(Ceiling(Columns, tiles), LeastTileColumns) * LeastTileColumns;
        columns = Math.Min(columns, Threads);
        int count = Ceiling(Columns, columns);
        int parts = isWhole ? 1 : MostParts(wanted / count, channels / ChannelsPerStep, Threads / columns);
        return this with { TileColumns = columns, Tiles = count, Parts = parts, IsWhole = isWhole };
    }

    /// <summary>No more than leave each thread a batch of loads.</summary>
    private static int MostParts(long wanted, long steps, int ranks) =>
        (int)Math.Max(1, Math.Min(wanted, steps / (Batch * ranks)));

    // At least a batch of vectors for each thread; at most a warp to a pixel, since they add up by shuffles.
    private static int LaneShiftOf(long vectors) => (int)Math.Clamp(long.Log2(Math.Max(1, vectors / Batch)), 0, 5);

    private static long Bytes(in MapView map) => map.Channels * map.Pixels * map.Rows.ElementType.Bytes();

    private static int Ceiling(long value, long divisor) => (int)((value + divisor - 1) / divisor);
}
