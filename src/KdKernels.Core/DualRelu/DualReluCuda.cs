namespace KdKernels.Core;

/// <summary>DualRelu on a GPU: one launch, in which a thread masks its elements of every block.</summary>
internal static class DualReluCuda
{
    private const long ElementsPerTile = 1024;
    private const long BlocksPerStep = 4;

    /// <summary>Writes the values where the first block of the primals is above 0. Waits for nothing.</summary>
    /// <param name="primals">The stack.</param>
    /// <param name="values">The stack itself, or its upstream gradient.</param>
    /// <param name="target">What is written.</param>
    /// <param name="queue">Where the work goes.</param>
    public static void Run(RowsView primals, RowsView values, RowsView target, CudaQueue? queue)
    {
        CudaQueue stream = CudaGuard.IsQueueOf(primals.Device, queue);
        CudaGuard.IsAddress(primals, "stack");
        CudaGuard.IsAddress(values, "values");
        CudaGuard.IsAddress(target, "result");
        CudaGuard.IsCount(primals.Outer, "blocks");
        if (primals.Length == 0) return;

        bool constant = Guard.IsConstant(values);
        bool whole = QuadLayout.IsWhole(primals, constant ? primals : values, target);
        CudaDevice device = CudaSession.DeviceOf(stream);
        CudaKernel kernel = KernelChoice.Find(
            device, nameof(DualRelu), primals.ElementType, whole ? KernelKind.Flat : KernelKind.General);
        using var session = CudaSession.Begin(stream, partialSlots: 0);
        long tiles = (primals.Length + ElementsPerTile - 1) / ElementsPerTile;
        // Few elements: the blocks of the stack are shared out too, until every multiprocessor has work.
        long chunk = Math.Clamp(primals.Outer * tiles / (2 * session.Resident(kernel)), BlocksPerStep, primals.Outer + BlocksPerStep);
        chunk = (chunk + BlocksPerStep - 1) / BlocksPerStep * BlocksPerStep;
        long chunks = (primals.Outer + chunk - 1) / chunk;
        session.Launch(kernel, tiles * chunks, new MaskArguments
        {
            Primal = DeviceView.Of(primals),
            Values = DeviceView.Of(values),
            Result = DeviceView.Of(target),
            ValuesStride = constant ? 0 : values.OuterStride,
            ResultStride = target.OuterStride,
            Length = primals.Length,
            Blocks = (int)primals.Outer,
            Chunk = (int)chunk,
            Chunks = (int)chunks,
            Forward = values == primals ? 1 : 0,
            Constant = constant && values != primals ? 1 : 0,
        });
    }
}
