namespace KdKernels.Core;

/// <summary>SoftmaxJvp on the CPU.</summary>
internal static class SoftmaxJvpCpu
{
    // Beyond these, 1/T and 1/T² come near the ends of single precision; float32 operands are then widened.
    private const double SmallestSingle = 1.0 / (1 << 20);
    private const double LargestSingle = 1 << 20;

    public static void Run(JvpProblem problem)
    {
        bool single = problem.Logits.ElementType == KdElementType.Float32
            && problem.Settings.Temperature is >= SmallestSingle and <= LargestSingle;
        ChunkedWork work = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => new JvpRows<Float32x16, float>(problem),
            (VectorWidth.Bits512, false) => new JvpRows<Float64x8, double>(problem),
            (VectorWidth.Bits256, true) => new JvpRows<Float32x8, float>(problem),
            (VectorWidth.Bits256, false) => new JvpRows<Float64x4, double>(problem),
            (_, true) => new JvpRows<Float32x1, float>(problem),
            (_, false) => new JvpRows<Float64x1, double>(problem),
        };
        WorkerPool.Execute(work, PlanOf(problem).Chunks, KdCpu.Threads);
    }

    /// <summary>A unit is a row with all its tangents.</summary>
    public static ChunkPlan PlanOf(JvpProblem problem) =>
        ChunkPlan.Of(problem.Logits.Outer, (1 + problem.Tangents.Inner) * problem.Logits.Length);
}
