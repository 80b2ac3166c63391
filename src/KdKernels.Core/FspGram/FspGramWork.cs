namespace KdKernels.Core;

/// <summary>FspGram cut into chunks of samples: the matrices, or the gradients of both layers.</summary>
internal sealed unsafe class FspGramWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly FspPair<TVector, TElement> pair;
    private readonly ChunkPlan plan;
    private readonly FspSizes sizes;
    private readonly int size;

    public FspGramWork(
        MapView features1, MapView features2, FspPooling pooling, RowsView? gradient1, RowsView? gradient2)
    {
        pair = new FspPair<TVector, TElement>(features1, features2, pooling, gradient1, gradient2);
        plan = ChunkPlan.Of(features1.Batch, pair.Work);
        sizes.Include(pair);
        size = pair.Channels1 * pair.Channels2;
    }

    public RowsView? Gram { get; init; }

    public RowsView? Upstream { get; init; }

    public void Run() => WorkerPool.Execute(this, plan.Chunks, KdCpu.Threads);

    public override void Execute(int chunk)
    {
        var buffers = new FspBuffers<TElement>(sizes, size);
        (long first, long end) = plan.UnitsOf(chunk);
        for (long sample = first; sample < end; sample++)
        {
            if (Gram is { } gram) WriteGram(sample, gram, buffers);
            if (Upstream is { } upstream) WriteGradients(sample, upstream, buffers);
        }
    }

    private void WriteGram(long sample, in RowsView gram, in FspBuffers<TElement> buffers)
    {
        double* products = buffers.Products;
        new Span<double>(products, size).Clear();
        pair.AddProducts(sample, 1, pair.IsSymmetric, buffers, products);
        if (pair.IsSymmetric) FspProducts<TVector, TElement>.Mirror(products, pair.Channels1);
        for (int i = 0; i < pair.Channels1; i++)
        {
            for (int j = 0; j < pair.Channels2; j++)
                Memory.Write(gram, (sample * pair.Channels1) + i, j, products[((long)i * pair.Channels2) + j]);
        }
    }

    private void WriteGradients(long sample, in RowsView upstream, in FspBuffers<TElement> buffers)
    {
        for (int i = 0; i < pair.Channels1; i++)
        {
            for (int j = 0; j < pair.Channels2; j++)
                buffers.Products[((long)i * pair.Channels2) + j] = Memory.Read(upstream, (sample * pair.Channels1) + i, j);
        }

        pair.Load(sample, buffers);
        pair.WriteGradients(sample, buffers.Products, buffers);
    }
}
