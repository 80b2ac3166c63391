namespace KdKernels.Core;

/// <summary>
/// Tiles of copies: what forward and backward have in common. The unit of work is a tile with all its channels, which
/// share the deviations of its pixels.
/// </summary>
internal abstract unsafe class NoiseProbeWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly NoiseProbeSettings settings;
    private readonly ChunkPlan plan;

    protected NoiseProbeWork(NoiseProbeProblem problem)
    {
        settings = problem.Settings;
        Copies = problem.Copies;
        Width = problem.Width;
        Tiles = NoiseTiles.Of(problem.Height, Width, (int)problem.Sigma.Inner);
        int rows = Tiles.Length == 0 ? 0 : Tiles.Max(tile => tile.Rows);
        LargestTile = rows * Width;
        plan = ChunkPlan.Of(Copies.Outer * Tiles.Length, LargestTile * Copies.Inner);
        CellOfColumn = new int[Width];
        for (int column = 0; column < Width; column++)
            CellOfColumn[column] = NoiseTiles.Cell(column, (int)problem.Sigma.Length, Width);
    }

    protected RowsView Copies { get; }

    protected NoiseTile[] Tiles { get; }

    protected int Width { get; }

    protected int LargestTile { get; }

    protected int[] CellOfColumn { get; }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        var buffers = new NoiseBuffers<TElement>(LargestTile, Width);
        for (long unit = first; unit < end; unit++)
        {
            (long copy, long tile) = Math.DivRem(unit, Tiles.Length);
            Execute(unit, copy, Tiles[tile], buffers);
        }
    }

    protected void Run() => WorkerPool.Execute(this, plan.Chunks, KdCpu.Threads);

    /// <summary>Does one tile.</summary>
    protected abstract void Execute(long unit, long copy, NoiseTile tile, in NoiseBuffers<TElement> buffers);

    /// <summary>The noise of a tile's pixels in one channel.</summary>
    protected TElement* Noise(long copy, long channel, NoiseTile tile, in NoiseBuffers<TElement> buffers)
    {
        int count = tile.Rows * Width;
        long first = (channel * Copies.Length) + ((long)tile.FirstRow * Width);
        uint sample = (uint)(settings.FirstSample + copy);
        PhiloxNormals.Fill(
            settings.Seed, PhiloxPurpose.NoiseProbe, settings.Step, sample, first, buffers.Normals, count);
        if (typeof(TElement) == typeof(float)) return (TElement*)buffers.Normals;
        for (int i = 0; i < count; i++) Memory.Put(buffers.Noise + i, buffers.Normals[i]);
        return buffers.Noise;
    }

    /// <summary>The image that a copy is of.</summary>
    protected long ImageOf(long copy) => copy / settings.Samples;
}

/// <summary>This thread's memory for a tile.</summary>
internal readonly unsafe struct NoiseBuffers<TElement>
    where TElement : unmanaged
{
    public NoiseBuffers(int tile, int width)
    {
        byte* memory = Scratch.Get(
            ScratchUse.Kernel, (width * sizeof(double)) + (tile * (long)(sizeof(float) + (4 * sizeof(TElement)))));
        Columns = (double*)memory;
        Noise = (TElement*)(memory + (width * sizeof(double)));
        Sigma = Noise + tile;
        Input = Sigma + tile;
        Output = Input + tile;
        Normals = (float*)(Output + tile);
    }

    /// <summary>One sum per column of pixels.</summary>
    public double* Columns { get; }

    public TElement* Noise { get; }

    public TElement* Sigma { get; }

    public TElement* Input { get; }

    public TElement* Output { get; }

    public float* Normals { get; }
}
