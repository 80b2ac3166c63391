namespace KdKernels.Core;

/// <summary>DualMaxPool on the CPU.</summary>
internal static class DualMaxPoolCpu
{
    /// <param name="stack">The images.</param>
    /// <param name="settings">The sizes.</param>
    /// <param name="pooled">The result; in backward, its gradient.</param>
    /// <param name="backward">Whether the gradient is written.</param>
    /// <param name="gradient">The gradient of the stack.</param>
    public static void Run(
        RowsView stack, in DualMaxPoolSettings settings, RowsView pooled, bool backward, RowsView gradient = default)
    {
        ChunkedWork work = stack.ElementType == KdElementType.Float32
            ? new PoolWork<float>(stack, settings, pooled, backward, gradient)
            : new PoolWork<double>(stack, settings, pooled, backward, gradient);
        WorkerPool.Execute(work, PlanOf(stack).Chunks, KdCpu.Threads);
    }

    /// <summary>A unit is a plane of the primal, with that plane of every tangent.</summary>
    public static ChunkPlan PlanOf(RowsView stack) => ChunkPlan.Of(stack.Inner, stack.Outer * stack.Length);
}
