namespace KdKernels.Core;

/// <summary>The launch that makes matrices, or the differences of a student's and a teacher's and their loss.</summary>
internal sealed class FspMatricesCuda
{
    public const string Stem = "FspGram";

    /// <summary>Tiles that are fewer are shared by several blocks: two for each multiprocessor of an H100.</summary>
    public const int EnoughBlocks = 264;

    private const int TileSize = 64;

    // A part of the pixels that takes a block at least eight steps.
    private const int LeastWordsOfSplit = 128;

    private readonly FspLayers student;
    private readonly FspLayers? teacher;
    private readonly FspForm form;
    private readonly CudaKernel kernel;
    private readonly CudaKernel? norms;
    private readonly bool symmetric;
    private readonly long tiles;
    private readonly int splits;
    private readonly (long Offset, long Count) partials;
    private readonly (long Offset, long Count) parts;
    private readonly (long Offset, long Count) columns;
    private readonly (long Offset, long Count) slopes;

    /// <param name="device">Where it runs.</param>
    /// <param name="scratch">Where its scratch memory is taken from.</param>
    /// <param name="student">The layers.</param>
    /// <param name="teacher">Those whose matrices are subtracted.</param>
    /// <param name="form">What the difference counts.</param>
    /// <param name="allowTf32">Whether float32 may be rounded to tf32.</param>
    /// <param name="wantsSlopes">Whether gradients follow.</param>
    public FspMatricesCuda(
        CudaDevice device,
        FspScratch scratch,
        in FspLayers student,
        in FspLayers? teacher,
        FspForm form,
        bool allowTf32,
        bool wantsSlopes)
    {
        (this.student, this.teacher, this.form) = (student, teacher, form);
        KdElementType type = student.First.Rows.ElementType;
        bool planes = student.ArePlanes && (teacher?.ArePlanes ?? true);
        kernel = KernelChoice.Find(device, Stem, type, Kind("gram", type, planes, allowTf32));
        long rows = Tiles(Channels1), across = Tiles(Channels2);

        // Norms of columns need the columns that a mirrored tile does not have.
        bool bySeveralTiles = form == FspForm.ColumnNorms && rows > 1;
        symmetric = student.IsSymmetric && (teacher?.IsSymmetric ?? true) && !bySeveralTiles;
        long perSample = symmetric ? rows * (rows + 1) / 2 : rows * across;
        tiles = student.First.Batch * perSample;
        splits = SplitsOf(tiles, Math.Max(student.Pixels, teacher?.Pixels ?? 0), type);
        partials = scratch.Take(teacher is null ? 0 : Math.Max(tiles, student.First.Batch), sizeof(double));
        parts = scratch.Take(splits > 1 ? tiles * splits * TileSize * TileSize : 0, sizeof(float));
        columns = scratch.Take(bySeveralTiles ? student.First.Batch * rows * Channels2 : 0, sizeof(float));
        bool hasSlopes = form == FspForm.ColumnNorms && wantsSlopes;
        slopes = scratch.Take(hasSlopes ? student.First.Batch * Channels2 : 0, sizeof(float));
        if (bySeveralTiles) norms = KernelChoice.Find(device, Stem, KdElementType.Float32, "norms");
    }

    private int Channels1 => (int)student.First.Channels;

    private int Channels2 => (int)student.Second.Channels;

    /// <summary>The kernel's word for its layout and precision.</summary>
    public static string Kind(string what, KdElementType type, bool planes, bool allowTf32) =>
        !planes ? $"{what}-general" : allowTf32 && type == KdElementType.Float32 ? $"tf32-{what}" : what;

    /// <summary>Blocks that share a tile; a function of the shape alone, on which the bits depend.</summary>
    public static int SplitsOf(long tiles, int pixels, KdElementType type)
    {
        if (tiles is 0 or > EnoughBlocks / 2) return 1;
        int words = pixels * type.Bytes() / 4;
        return (int)Math.Clamp(Math.Min(EnoughBlocks / tiles, words / LeastWordsOfSplit), 1, 64);
    }

    /// <summary>One over the norms of the columns, after <see cref="Launch"/>.</summary>
    public DeviceView Slopes(in Workspace workspace) => FspScratch.View(workspace, slopes);

    /// <param name="session">Where it is launched.</param>
    /// <param name="gram">Where the matrices go.</param>
    /// <param name="strides">Of <paramref name="gram"/>.</param>
    /// <param name="pooling">Of all layers.</param>
    /// <param name="loss">Where the loss goes.</param>
    /// <param name="reduction">Of the loss.</param>
    public void Launch(
        in CudaSession session,
        DeviceView gram,
        RowStrides strides,
        FspPooling pooling,
        RowsView? loss = null,
        KdReduction reduction = KdReduction.None)
    {
        FspLayers other = teacher ?? student;
        var arguments = new FspArguments
        {
            Student1 = DeviceView.Of(student.First.Rows),
            Student2 = DeviceView.Of(student.Second.Rows),
            Teacher1 = DeviceView.Of(teacher?.First.Rows),
            Teacher2 = DeviceView.Of(teacher?.Second.Rows),
            Gram = gram,
            Loss = DeviceView.Of(loss),
            Slopes = FspScratch.View(session.Workspace, slopes),
            Columns = FspScratch.View(session.Workspace, columns),
            Parts = FspScratch.View(session.Workspace, parts),
            Partials = FspScratch.View(session.Workspace, partials),
            Counters = session.Workspace.Counters,
            StudentMap1 = FspMap.Of(student.First),
            StudentMap2 = FspMap.Of(student.Second),
            TeacherMap1 = FspMap.Of(other.First),
            TeacherMap2 = FspMap.Of(other.Second),
            GramStrides = strides,
            Batch = student.First.Batch,
            Channels1 = Channels1,
            Channels2 = Channels2,
            Height = student.Height,
            Width = student.Width,
            TeacherHeight = other.Height,
            TeacherWidth = other.Width,
            Splits = splits,
            Symmetric = symmetric ? 1 : 0,
            Average = pooling == FspPooling.Average ? 1 : 0,
            Form = (int)form,
            Reduction = (int)reduction,
            Paired = ArePaired(gram, strides) ? 1 : 0,
        };
        session.Launch(kernel, tiles * splits, arguments);
        if (norms is not null) session.Launch(norms, arguments.Batch, arguments);
    }

    private static bool ArePaired(DeviceView gram, RowStrides strides) =>
        strides.Element == 1 && (strides.Inner & 1) == 0 && (strides.Outer & 1) == 0 && gram.Address % 8 == 0;

    private static long Tiles(int channels) => (channels + TileSize - 1) / TileSize;
}
