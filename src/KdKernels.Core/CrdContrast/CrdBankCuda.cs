namespace KdKernels.Core;

/// <summary>CrdBank on a GPU.</summary>
internal static class CrdBankCuda
{
    // A warp for each embedding.
    private const int EmbeddingsPerBlock = 8;

    /// <summary>Puts the update on the queue. Waits for nothing.</summary>
    public static void Update(RowsView bank, RowsView rows, RowsView embeddings, double momentum, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(embeddings.Device, queue);
        CudaGuard.IsRows(bank);
        CudaGuard.IsRows(embeddings);
        CudaGuard.IsContiguous(rows);
        if (embeddings.Rows > int.MaxValue)
            throw new ArgumentException($"expected at most 2^31 − 1 embeddings on CUDA but got {embeddings.Rows}", nameof(embeddings));
        if (embeddings.Rows == 0 || embeddings.Length == 0) return;
        CudaKernel kernel = KernelChoice.Find(
            CudaSession.DeviceOf(target), nameof(CrdContrast), bank.ElementType, "update");
        using CudaSession session = CudaSession.Begin(target, partialSlots: 0);
        session.Launch(kernel, (embeddings.Rows + EmbeddingsPerBlock - 1) / EmbeddingsPerBlock, new CrdUpdateArguments
        {
            Bank = DeviceView.Of(bank),
            Rows = DeviceView.Of(rows),
            Embeddings = DeviceView.Of(embeddings),
            EmbeddingStrides = new RowStrides(embeddings.OuterStride, embeddings.InnerStride, embeddings.ElementStride),
            BankStride = bank.OuterStride,
            Inner = Math.Max(embeddings.Inner, 1),
            Momentum = momentum,
            BankRows = (int)bank.Rows,
            Count = (int)embeddings.Rows,
            Dimension = (int)embeddings.Length,
        });
    }
}
