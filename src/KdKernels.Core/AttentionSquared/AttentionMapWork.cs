namespace KdKernels.Core;

/// <summary>AttentionMap cut into chunks of samples.</summary>
internal sealed unsafe class AttentionMapWork<TVector, TElement, TPower>(MapView features, AttentionMapSettings settings)
    : ChunkedWork
    where TVector : unmanaged, IWideVector<TVector>
    where TElement : unmanaged
    where TPower : struct, IAttentionPower
{
    private readonly AttentionSamples<TVector, TElement, TPower> samples = new(features, PoolingGrid.Of(features, features));
    private readonly ChunkPlan plan = ChunkPlan.Of(features.Batch, features.Channels * features.Pixels);
    private readonly int pixels = features.Pixels;

    public RowsView? Map { get; init; }

    public RowsView? Peak { get; init; }

    public RowsView? Upstream { get; init; }

    public RowsView? Gradient { get; init; }

    public void Run() => WorkerPool.Execute(this, plan.Chunks, KdCpu.Threads);

    public override void Execute(int chunk)
    {
        long map = MapMemory.Padded(pixels);
        double* q = (double*)Scratch.Get(ScratchUse.Kernel, ((2 * map) + samples.BufferLength) * sizeof(double));
        (long first, long end) = plan.UnitsOf(chunk);
        for (long sample = first; sample < end; sample++) Sample(sample, q, q + map, q + (2 * map));
    }

    private void Sample(long sample, double* q, double* slopes, double* buffer)
    {
        double divisor = settings.Channels == ChannelReduction.Mean ? features.Channels : 1, norm = 0;
        // The sum of a raw map is not needed for its gradient.
        if (Map is not null || Peak is not null || settings.Normalise)
        {
            samples.Sum(sample, q, buffer);
            for (int j = 0; j < pixels; j++) q[j] /= divisor;
            if (Peak is { } peak) ((long*)peak.Data)[peak.RowOffset(sample)] = PixelOfLargest(q);
            if (settings.Normalise) norm = AttentionNorm.Normalise(q, pixels);
        }

        if (Map is { } map)
        {
            for (int j = 0; j < pixels; j++) Memory.Write(map, sample, j, q[j]);
        }

        if (Upstream is not { } upstream || Gradient is not { } gradient) return;
        for (int j = 0; j < pixels; j++) slopes[j] = Memory.Read(upstream, sample, j);
        double factor = TPower.Exponent / divisor;
        if (settings.Normalise)
        {
            AttentionNorm.Backward(q, norm, slopes, pixels, factor);
        }
        else
        {
            for (int j = 0; j < pixels; j++) slopes[j] *= factor;
        }

        samples.WriteGradient(sample, slopes, gradient, buffer);
    }

    private int PixelOfLargest(double* q)
    {
        int largest = 0;
        for (int j = 0; j < pixels; j++)
        {
            if (double.IsNaN(q[j])) return j;
            if (q[j] > q[largest]) largest = j;
        }

        return largest;
    }
}
