namespace KdKernels.Core;

/// <summary>DualBatchNorm on the CPU.</summary>
internal static class DualBatchNormCpu
{
    public static void Run(NormProblem problem)
    {
        bool single = problem.Stack.ElementType == KdElementType.Float32;
        ChunkedWork work = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => new NormWork<Float32x16, float>(problem),
            (VectorWidth.Bits512, false) => new NormWork<Float64x8, double>(problem),
            (VectorWidth.Bits256, true) => new NormWork<Float32x8, float>(problem),
            (VectorWidth.Bits256, false) => new NormWork<Float64x4, double>(problem),
            (_, true) => new NormWork<Float32x1, float>(problem),
            (_, false) => new NormWork<Float64x1, double>(problem),
        };
        WorkerPool.Execute(work, PlanOf(problem).Chunks, KdCpu.Threads);
    }

    /// <summary>A unit is a channel, so that one thread has all of its sums.</summary>
    public static ChunkPlan PlanOf(NormProblem problem) =>
        ChunkPlan.Of(problem.Channels, problem.Stack.Outer * problem.Length);
}
