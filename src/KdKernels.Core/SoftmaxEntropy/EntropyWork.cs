namespace KdKernels.Core;

/// <summary>
/// A problem cut into chunks: what the two ways of walking it (<see cref="EntropyRows{TVector, TElement}"/> with
/// classes in the lanes, <see cref="EntropyLanes{TVector, TElement}"/> with rows in the lanes) have in common.
/// </summary>
internal abstract unsafe class EntropyWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly ChunkPlan plan;
    private readonly double[] sums;
    private readonly bool writesRows;
    private readonly RowsView rowEntropies;
    private readonly bool upstreamPerRow;
    private readonly RowsView upstream;
    private readonly double commonUpstream;

    protected EntropyWork(EntropyProblem problem, long units, long elementsPerUnit)
    {
        plan = ChunkPlan.Of(units, elementsPerUnit);
        sums = new double[plan.Chunks];
        Logits = problem.Logits;
        WantsGradient = problem.Gradient is not null;
        Gradients = problem.Gradient.GetValueOrDefault();
        InverseTemperature = 1 / problem.Temperature;
        Scale = InverseTemperature * 1.4426950408889634;
        writesRows = problem.Loss is not null && problem.Reduction == KdReduction.None;
        rowEntropies = problem.Loss.GetValueOrDefault();
        upstream = problem.Upstream.GetValueOrDefault();
        upstreamPerRow = problem.Upstream is not null && problem.Reduction == KdReduction.None;
        double common = problem.Upstream is null || upstreamPerRow ? 1 : Memory.Read(upstream, 0, 0);
        commonUpstream = common / problem.Divisor;
    }

    protected RowsView Logits { get; }

    protected bool WantsGradient { get; }

    protected RowsView Gradients { get; }

    protected double InverseTemperature { get; }

    /// <summary>log2(e) / T.</summary>
    protected double Scale { get; }

    protected long Classes => Logits.Length;

    /// <summary>The sum of the entropies of all rows.</summary>
    public static double Run(EntropyProblem problem)
    {
        EntropyWork<TVector, TElement> work = EntropyLanes<TVector, TElement>.Fits(problem)
            ? new EntropyLanes<TVector, TElement>(problem)
            : new EntropyRows<TVector, TElement>(problem);
        WorkerPool.Execute(work, work.plan.Chunks, KdCpu.Threads);
        double total = 0;
        foreach (double sum in work.sums) total += sum;
        return total;
    }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        sums[chunk] = Execute(first, end);
    }

    /// <summary>Does the units of a chunk and returns the sum of their entropies.</summary>
    protected abstract double Execute(long first, long end);

    protected void Emit(long row, double entropy)
    {
        if (writesRows) Memory.Write(rowEntropies, row, 0, entropy);
    }

    /// <summary>The gradient of a row's own value: upstream over divisor.</summary>
    protected double UpstreamOf(long row) => upstreamPerRow ? Memory.Read(upstream, row, 0) : commonUpstream;
}
