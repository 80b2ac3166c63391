namespace KdKernels.Core;

/// <summary>DualRelu on the CPU.</summary>
internal static class DualReluCpu
{
    /// <summary>Writes the values where the first block of the primals is above 0.</summary>
    public static void Run(RowsView primals, RowsView values, RowsView target)
    {
        bool single = primals.ElementType == KdElementType.Float32;
        ChunkedWork work = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => new MaskWork<Float32x16, float>(primals, values, target),
            (VectorWidth.Bits512, false) => new MaskWork<Float64x8, double>(primals, values, target),
            (VectorWidth.Bits256, true) => new MaskWork<Float32x8, float>(primals, values, target),
            (VectorWidth.Bits256, false) => new MaskWork<Float64x4, double>(primals, values, target),
            (_, true) => new MaskWork<Float32x1, float>(primals, values, target),
            (_, false) => new MaskWork<Float64x1, double>(primals, values, target),
        };
        WorkerPool.Execute(work, PlanOf(values).Chunks, KdCpu.Threads);
    }

    /// <summary>A unit is a piece of the primal, so that one read of it masks that piece of every block.</summary>
    public static ChunkPlan PlanOf(RowsView values) =>
        ChunkPlan.Of((values.Length + MaskPiece.Length - 1) / MaskPiece.Length, values.Outer * MaskPiece.Length);
}
