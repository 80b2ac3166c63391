namespace KdKernels.Core;

/// <summary>
/// The pass that sums logarithms, of all units and of the background, and writes map and gradient of the same read.
/// </summary>
internal sealed unsafe class PixelEntropyWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly PixelBlocks blocks;
    private readonly ChunkPlan plan;
    private readonly RowsView sigma;
    private readonly RowsView? map;
    private readonly RowsView? gradient;
    private readonly bool wantsSum;
    private readonly bool wantsPoints;
    private readonly RowsView foreground;

    // Of every unit; a single upstream gradient is part of the factor.
    private readonly RowsView? upstream;
    private readonly double factor;
    private readonly (double All, double Background, long Count)[] sums;

    private PixelEntropyWork(PixelEntropyProblem problem)
    {
        wantsPoints = problem.Points is not null;
        wantsSum = wantsPoints || problem.Entropy is not null;
        bool isScalar = problem.Upstream is not null && !problem.PerUnit;
        factor = (isScalar ? Memory.Read(problem.Upstream!.Value, 0, 0) : 1) / problem.Divisor;
        RowsView?[] views =
        [
            problem.Sigma,
            problem.Map,
            problem.Gradient,
            isScalar ? null : problem.Upstream,
            problem.Points?.Foreground,
        ];
        PixelBlocks.JoinRows(views);
        sigma = views[0]!.Value;
        (map, gradient, upstream) = (views[1], views[2], views[3]);
        foreground = views[4].GetValueOrDefault();
        blocks = new PixelBlocks(sigma.Rows, sigma.Length);
        plan = ChunkPlan.Of(blocks.Count, blocks.LargestBlock);
        sums = new (double, double, long)[plan.Chunks];
    }

    /// <summary>Σ log σ over all units and over the background, and how many units that has.</summary>
    public static (double All, double Background, long Count) Run(PixelEntropyProblem problem)
    {
        var work = new PixelEntropyWork<TVector, TElement>(problem);
        WorkerPool.Execute(work, work.plan.Chunks, KdCpu.Threads);
        (double all, double background, long count) = (0, 0, 0);
        foreach ((double a, double b, long n) in work.sums)
            (all, background, count) = (all + a, background + b, count + n);
        return (all, background, count);
    }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        var buffers = new PixelBuffers<TElement>(4);
        var all = LogSum<TVector, TElement>.Empty;
        var background = LogSum<TVector, TElement>.Empty;
        long count = 0;
        for (long block = first; block < end; block++)
        {
            (long row, long at, int size) = blocks.Block(block);
            TElement* values = RowPart.Input(sigma, row, at, size, buffers[0]);
            if (wantsPoints)
            {
                TElement* flags = buffers[1];
                count += PixelBlocks.Background(foreground, row, at, size, flags);
                Add<On>(values, flags, size, ref all, ref background);
            }
            else if (wantsSum)
            {
                Add<Off>(values, null, size, ref all, ref background);
            }

            if (map is { } entropies)
            {
                TElement* target = RowPart.Output(entropies, row, at, buffers[2]);
                PixelEntropyKernels<TVector, TElement>.WriteEntropies(values, target, size);
                RowPart.Finish(entropies, row, at, size, target);
            }

            if (gradient is not null) WriteGradient(row, at, size, values, buffers);
        }

        if (wantsSum) sums[chunk] = (all.Total(), background.Total(), count);
    }

    private void WriteGradient(
        long row, long at, int size, TElement* values, in PixelBuffers<TElement> buffers)
    {
        RowsView view = gradient.GetValueOrDefault();
        TElement* target = RowPart.Output(view, row, at, buffers[2]);
        TElement* ofUnits = upstream is { } given ? RowPart.Input(given, row, at, size, buffers[3]) : null;
        PixelEntropyKernels<TVector, TElement>.WriteGradient(values, ofUnits, factor, target, size);
        RowPart.Finish(view, row, at, size, target);
    }

    private static void Add<TMasked>(
        TElement* values,
        TElement* flags,
        int size,
        ref LogSum<TVector, TElement> all,
        ref LogSum<TVector, TElement> background)
        where TMasked : struct, IFlag
    {
        if (PixelEntropyKernels<TVector, TElement>.TryAdd<TMasked>(values, flags, size, ref all, ref background))
            return;
        for (int i = 0; i < size; i++)
        {
            double log = Math.Log(Memory.Get(values + i));
            all.Add(log);
            if (TMasked.Value && Memory.Get(flags + i) != 0) background.Add(log);
        }
    }
}

/// <summary>This thread's memory for a block of each operand, padded to whole vectors.</summary>
internal readonly unsafe struct PixelBuffers<TElement>(int count)
    where TElement : unmanaged
{
    private readonly TElement* memory =
        (TElement*)Scratch.Get(ScratchUse.Kernel, (long)count * PixelBlocks.BlockSize * sizeof(TElement));

    public TElement* this[int index] => memory + ((long)index * PixelBlocks.BlockSize);
}
