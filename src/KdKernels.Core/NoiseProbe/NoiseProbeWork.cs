namespace KdKernels.Core;

/// <summary>
/// Bands of copies: what forward and backward have in common. The unit of work is a band with all its channels, which
/// share the deviations of its pixels.
/// </summary>
internal abstract unsafe class NoiseProbeWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly NoiseProbeSettings settings;
    private readonly ChunkPlan plan;
    private readonly NoiseBand[] bands;
    private readonly int largestBand;

    protected NoiseProbeWork(NoiseProbeProblem problem)
    {
        settings = problem.Settings;
        Copies = problem.Copies;
        Width = problem.Width;
        Tiles = NoiseTiles.Of(problem.Height, Width, (int)problem.Sigma.Inner);
        bands = NoiseTiles.Bands(Tiles, Width);
        largestBand = bands.Length == 0 ? 0 : bands.Max(band => band.Rows) * Width;
        plan = ChunkPlan.Of(Copies.Outer * bands.Length, largestBand * Copies.Inner);
    }

    protected RowsView Copies { get; }

    protected NoiseTile[] Tiles { get; }

    protected int Width { get; }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        var buffers = new NoiseBuffers<TElement>(largestBand);
        for (long unit = first; unit < end; unit++)
        {
            (long copy, long band) = Math.DivRem(unit, bands.Length);
            Execute(copy, bands[band], buffers);
        }
    }

    protected void Run() => WorkerPool.Execute(this, plan.Chunks, KdCpu.Threads);

    /// <summary>Does one band of a copy.</summary>
    protected abstract void Execute(long copy, NoiseBand band, in NoiseBuffers<TElement> buffers);

    /// <summary>The noise of a band's pixels in one channel.</summary>
    protected TElement* Noise(long copy, long channel, NoiseBand band, in NoiseBuffers<TElement> buffers)
    {
        int count = band.Rows * Width;
        long first = (channel * Copies.Length) + ((long)band.FirstRow * Width);
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

/// <summary>This thread's memory for a band.</summary>
internal readonly unsafe struct NoiseBuffers<TElement>
    where TElement : unmanaged
{
    public NoiseBuffers(int band)
    {
        byte* memory = Scratch.Get(
            ScratchUse.Kernel, band * (long)(sizeof(double) + sizeof(float) + (4 * sizeof(TElement))));
        Columns = (double*)memory;
        Noise = (TElement*)(Columns + band);
        Sigma = Noise + band;
        Input = Sigma + band;
        Output = Input + band;
        Normals = (float*)(Output + band);
    }

    /// <summary>One sum per column of pixels of every tile.</summary>
    public double* Columns { get; }

    public TElement* Noise { get; }

    public TElement* Sigma { get; }

    public TElement* Input { get; }

    public TElement* Output { get; }

    public float* Normals { get; }
}
