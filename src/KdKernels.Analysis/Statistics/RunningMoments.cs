using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Statistics;

/// <summary>
/// Mean and unbiased variance of vectors that come one by one (Welford 1962), in float64 on their own device: O(K) memory
/// however many there are, no cancellation where the mean is large against the deviation, and no wait for the device.
/// </summary>
public sealed class RunningMoments : IDisposable
{
    private Tensor? mean;
    private Tensor? squares;

    /// <summary>Vectors so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds one.</summary>
    /// <param name="values"><c>[K]</c>, of any floating type.</param>
    /// <exception cref="ArgumentException">It has another shape than the ones before.</exception>
    public void Add(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using DisposeScope scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor row = values.detach().to(ScalarType.Float64);
        mean ??= zeros_like(row).DetachFromDisposeScope();
        squares ??= zeros_like(row).DetachFromDisposeScope();
        if (!row.shape.SequenceEqual(mean.shape))
        {
            throw new ArgumentException(
                $"expected shape [{string.Join(", ", mean.shape)}] but got [{string.Join(", ", row.shape)}]", nameof(values));
        }

        Count++;
        Tensor before = row - mean;
        mean.add_(before / Count);
        squares.add_(before * (row - mean));
    }

    /// <summary>float64 <c>[K]</c>.</summary>
    /// <exception cref="InvalidOperationException">Nothing was added.</exception>
    public Tensor Mean() => Need(mean, least: 1).clone();

    /// <summary>Σ (x − mean)² / (Count − 1), float64 <c>[K]</c>.</summary>
    /// <exception cref="InvalidOperationException">Fewer than two were added.</exception>
    public Tensor Variance() => Need(squares, least: 2) / (Count - 1);

    public void Dispose()
    {
        mean?.Dispose();
        squares?.Dispose();
    }

    private Tensor Need(Tensor? state, int least) => state is not null && Count >= least
        ? state
        : throw new InvalidOperationException($"expected at least {least} vectors but got {Count}");
}
