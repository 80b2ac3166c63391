using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// The pass over the features that gives dμ and the squares of each channel, cut into chunks: what the two ways of
/// walking (<see cref="VidPlanes{TVector, TElement}"/> along a channel, <see cref="VidRows{TVector, TElement}"/> across
/// the channels of a few rows) have in common.
/// </summary>
internal abstract unsafe class VidWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly ChunkPlan plan;

    protected VidWork(VidProblem problem, long units, long elementsPerUnit)
    {
        Problem = problem;
        Student = problem.Student;
        Teacher = problem.Teacher;
        Gradients = problem.StudentGradient.GetValueOrDefault();
        HasGradient = problem.StudentGradient is not null;
        plan = ChunkPlan.Of(units, elementsPerUnit);
    }

    protected VidProblem Problem { get; }

    protected RowsView Student { get; }

    protected RowsView Teacher { get; }

    protected bool HasGradient { get; }

    protected RowsView Gradients { get; }

    /// <summary>What (μ − t) of each channel is multiplied by in dμ, beside the row's own upstream gradient.</summary>
    protected TElement* Factors { get; private init; }

    protected int Chunks => plan.Chunks;

    public static void Run(VidProblem problem, VidChannels channels)
    {
        var factors = (TElement*)NativeMemory.AlignedAlloc((nuint)(channels.Count * sizeof(TElement)), 64);
        try
        {
            double upstream = problem.CommonUpstream;
            for (int c = 0; c < channels.Count; c++) Memory.Put(factors + c, upstream / channels.Variance(c));
            VidWork<TVector, TElement> work = VidPlanes<TVector, TElement>.Fits(problem)
                ? new VidPlanes<TVector, TElement>(problem) { Factors = factors }
                : new VidRows<TVector, TElement>(problem) { Factors = factors };
            work.Run(channels.Squares);
        }
        finally
        {
            NativeMemory.AlignedFree(factors);
        }
    }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        Execute(chunk, first, end);
    }

    /// <summary>Runs all chunks and adds each channel's squares up, in an order that the shape determines.</summary>
    protected abstract void Run(double[] squares);

    /// <summary>Does the units of a chunk.</summary>
    protected abstract void Execute(int chunk, long first, long end);
}
