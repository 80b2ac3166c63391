namespace KdKernels.Core;

/// <summary>
/// How a kernel cuts its work. A tile is what one block finishes in one go and has a slot among the partial sums; tiles
/// and splits depend on the shape alone, so that no result depends on the number of blocks.
/// </summary>
internal static class GridSize
{
    /// <summary>Classes of one part of a split row.</summary>
    public const long ClassesPerSplit = 16384;

    /// <summary>Labels that a block of the counting kernel takes at a time.</summary>
    public const long LabelsPerBlock = 1024;

    public static long Tiles(PtxKernel kernel, long rows)
    {
        long rowsPerTile = kernel.Kind switch
        {
            KernelKind.Warp => kernel.Threads / 32,
            KernelKind.Pixels => kernel.Threads,
            _ => 1,
        };
        return Ceiling(rows, rowsPerTile);
    }

    /// <summary>Parts that a row of a split kernel is cut into.</summary>
    public static long Splits(long classes) => Ceiling(classes, ClassesPerSplit);

    /// <summary>
    /// Float64 slots of the partial sums. Without a sum over the rows there are none, but for split rows, whose parts
    /// leave eight floats each behind the sums.
    /// </summary>
    public static long PartialSlots(PtxKernel kernel, in RowGeometry geometry, int perTile, bool wantsSum)
    {
        const int perPart = 8 * sizeof(float) / sizeof(double);
        if (kernel.Kind == KernelKind.Split)
            return geometry.Rows * (perTile + (Splits(geometry.Classes) * perPart));
        return wantsSum ? Tiles(kernel, geometry.Rows) * perTile : 0;
    }

    /// <summary>Blocks to launch: as many as are resident at once, and no more than there is work for.</summary>
    public static int Blocks(CudaDevice device, PtxKernel kernel, int resident, in KernelDemand demand)
    {
        long rows = demand.Geometry.Rows;
        long blocks = kernel.Kind == KernelKind.Split
            ? rows * Splits(demand.Geometry.Classes)
            : Math.Min(Tiles(kernel, rows), (long)device.Multiprocessors * resident);

        // The gradient reads its row a second time. Half of the cache for the rows in flight leaves the other half for
        // what is being written.
        if (kernel.Kind == KernelKind.Stream && demand.WantsGradient)
            blocks = Math.Min(blocks, Math.Max(device.Multiprocessors, device.L2Bytes / 2 / demand.RowBytes));

        // No rows: one block still writes the result of the reduction.
        return (int)Math.Max(blocks, 1);
    }

    /// <summary>Blocks that a multiprocessor of any architecture can hold at most: it has room for 2048 threads.</summary>
    public static int MostResidentBlocks(PtxKernel kernel) => 2048 / kernel.Threads;

    /// <summary>Blocks of the kernel that counts the valid rows.</summary>
    public static int CountBlocks(CudaDevice device, long rows) =>
        (int)Math.Clamp(Ceiling(rows, LabelsPerBlock), 1, device.Multiprocessors);

    private static long Ceiling(long value, long divisor) => (value + divisor - 1) / divisor;
}
