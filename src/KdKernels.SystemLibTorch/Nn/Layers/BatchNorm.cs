using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>(x − mean) / √(variance + eps)·weight + bias per channel, over the batch in training, by running statistics otherwise.</summary>
public abstract class BatchNorm : NormBase
{
    private protected BatchNorm(
        long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype,
        string name)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, name)
    {
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ValidateInputDimensions(input);
        double factor = momentum ?? 0.0;
        if (training && track_running_stats && num_batches_tracked is { } seen)
        {
            seen.add_(1);
            factor = momentum ?? 1.0 / seen.ToDouble();
        }
        bool useBatch = training || (running_mean is null && running_var is null);
        bool useRunning = !training || track_running_stats;
        return nn.functional.batch_norm(
            input, useRunning ? running_mean : null, useRunning ? running_var : null, affine ? weight : null, bias, useBatch, factor,
            eps);
    }
}

/// <summary>Batch normalisation of <c>[B, C]</c> or <c>[B, C, L]</c>.</summary>
public sealed class BatchNorm1d : BatchNorm
{
    internal BatchNorm1d(
        long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm1d))
    {
    }

    /// <inheritdoc/>
    protected override void ValidateInputDimensions(Tensor input)
    {
        if (input.ndim is not (2 or 3))
            throw new ArgumentException($"expected 2D or 3D input, but got {input.ndim}D input.", nameof(input));
    }
}

/// <summary>Batch normalisation of <c>[B, C, H, W]</c>.</summary>
public sealed class BatchNorm2d : BatchNorm
{
    internal BatchNorm2d(
        long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm2d))
    {
    }

    /// <inheritdoc/>
    protected override void ValidateInputDimensions(Tensor input)
    {
        if (input.ndim != 4) throw new ArgumentException($"expected 4D input, but got {input.ndim}D input.", nameof(input));
    }
}
