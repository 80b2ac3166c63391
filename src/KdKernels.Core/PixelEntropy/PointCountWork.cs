namespace KdKernels.Core;

/// <summary>
/// The pass that counts knowledge points: H̄ − H &gt; b is σ &lt; e^(mean log σ of the background − b), which needs no
/// logarithm of any unit.
/// </summary>
internal sealed unsafe class PointCountWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly RowsView sigma;
    private readonly RowsView foreground;
    private readonly double bound;
    private readonly PixelBlocks blocks;
    private readonly ChunkPlan plan;
    private readonly long[] ofForeground;
    private readonly long[] ofBackground;

    private PointCountWork(PixelEntropyProblem problem, double meanLog)
    {
        sigma = problem.Sigma;
        foreground = problem.Points!.Value.Foreground;
        bound = Math.Exp(meanLog - problem.Settings.Threshold);
        // The least number of the element type that is no smaller: for such numbers the comparison is the same.
        if (typeof(TElement) == typeof(float) && (float)bound < bound) bound = MathF.BitIncrement((float)bound);
        blocks = new PixelBlocks(sigma.Rows, sigma.Length);
        plan = ChunkPlan.Of(blocks.Count, blocks.LargestBlock);
        ofForeground = new long[sigma.Outer];
        ofBackground = new long[sigma.Outer];
    }

    /// <summary>The counts of every image.</summary>
    public static (long[] Foreground, long[] Background) Run(PixelEntropyProblem problem, double meanLog)
    {
        var work = new PointCountWork<TVector, TElement>(problem, meanLog);
        // Nothing is smaller than NaN.
        if (!double.IsNaN(meanLog)) WorkerPool.Execute(work, work.plan.Chunks, KdCpu.Threads);
        return (work.ofForeground, work.ofBackground);
    }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        var buffers = new PixelBuffers<TElement>(2);
        for (long block = first; block < end; block++)
        {
            (long row, long at, int size) = blocks.Block(block);
            TElement* values = RowPart.Input(sigma, row, at, size, buffers[0]);
            PixelBlocks.Background(foreground, row, at, size, buffers[1]);
            (long all, long background) =
                PixelEntropyKernels<TVector, TElement>.CountBelow(values, buffers[1], bound, size);
            // Integers: the order in which threads add does not matter.
            long image = row / sigma.Inner;
            Interlocked.Add(ref ofForeground[image], all - background);
            Interlocked.Add(ref ofBackground[image], background);
        }
    }
}
