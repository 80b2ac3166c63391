using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Statistics;

/// <summary>
/// The unbiased covariance matrix of rows that come in chunks: each chunk's own moments about its own mean, merged (Chan, Golub
/// and LeVeque 1983). float64 on the rows' device, O(K²) memory, no wait for the device.
/// </summary>
public sealed class RunningCovariance : IDisposable
{
    private Tensor? mean;
    private Tensor? products;

    /// <summary>Rows so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a chunk.</summary>
    /// <param name="rows"><c>[n, K]</c>, n ≥ 1, of any floating type.</param>
    /// <exception cref="ArgumentException">No matrix with rows in it.</exception>
    public void Add(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.dim() != 2 || rows.shape[0] == 0)
        {
            throw new ArgumentException(
                $"expected a matrix [n, K] of at least one row but got [{string.Join(", ", rows.shape)}]", nameof(rows));
        }

        using DisposeScope scope = NewDisposeScope();
        using var noGrad = no_grad();
        long chunk = rows.shape[0];
        Tensor values = rows.detach().to(ScalarType.Float64);
        Tensor chunkMean = values.mean([0], keepdim: true);
        Tensor centred = values - chunkMean;
        mean ??= zeros_like(chunkMean).DetachFromDisposeScope();
        products ??= zeros([rows.shape[1], rows.shape[1]], ScalarType.Float64, rows.device).DetachFromDisposeScope();
        Tensor apart = chunkMean - mean;
        long total = Count + chunk;
        products.add_(centred.t().matmul(centred) + apart.t().matmul(apart) * ((double)Count * chunk / total));
        mean.add_(apart * ((double)chunk / total));
        Count = total;
    }

    /// <summary>Σ (x − mean)(x − mean)ᵀ / (Count − 1), float64 <c>[K, K]</c>.</summary>
    /// <exception cref="InvalidOperationException">Fewer than two rows were added.</exception>
    public Tensor Covariance() => products is not null && Count >= 2
        ? products / (Count - 1)
        : throw new InvalidOperationException($"expected at least 2 rows but got {Count}");

    public void Dispose()
    {
        mean?.Dispose();
        products?.Dispose();
    }
}
