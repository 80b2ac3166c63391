using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The maximum over sliding windows of <c>[B, C, H, W]</c>.</summary>
public sealed class MaxPool2d : ParameterLessModule<Tensor, Tensor>
{
    internal MaxPool2d(long[] kernel_size, long[]? stride, long[]? padding, long[]? dilation, bool ceil_mode)
        : base(nameof(MaxPool2d))
    {
        this.kernel_size = kernel_size;
        this.stride = stride;
        this.padding = padding;
        this.dilation = dilation;
        this.ceil_mode = ceil_mode;
    }

    /// <summary>The window's size.</summary>
    public long[] kernel_size { get; set; }

    /// <summary>The distance between windows; null for the window's size.</summary>
    public long[]? stride { get; set; }

    /// <summary>−∞ added on every side.</summary>
    public long[]? padding { get; set; }

    /// <summary>The distance between the elements of a window.</summary>
    public long[]? dilation { get; set; }

    /// <summary>Whether a last, partial window counts.</summary>
    public bool ceil_mode { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) =>
        nn.functional.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode);

    /// <summary>The maxima and their flat positions in the image.</summary>
    public (Tensor Values, Tensor Indices) forward_with_indices(Tensor input) =>
        nn.functional.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode);
}

/// <summary>The mean over sliding windows of <c>[B, C, H, W]</c>.</summary>
public sealed class AvgPool2d : ParameterLessModule<Tensor, Tensor>
{
    internal AvgPool2d(
        long[] kernel_size, long[]? stride, long[]? padding, bool ceil_mode, bool count_include_pad, long? divisor_override)
        : base(nameof(AvgPool2d))
    {
        this.kernel_size = kernel_size;
        this.stride = stride;
        this.padding = padding;
        this.ceil_mode = ceil_mode;
        this.count_include_pad = count_include_pad;
        this.divisor_override = divisor_override;
    }

    /// <summary>The window's size.</summary>
    public long[] kernel_size { get; set; }

    /// <summary>The distance between windows; null for the window's size.</summary>
    public long[]? stride { get; set; }

    /// <summary>Zeros added on every side.</summary>
    public long[]? padding { get; set; }

    /// <summary>Whether a last, partial window counts.</summary>
    public bool ceil_mode { get; set; }

    /// <summary>Whether the padding counts in the mean.</summary>
    public bool count_include_pad { get; set; }

    /// <summary>A divisor instead of the window's size.</summary>
    public long? divisor_override { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) =>
        nn.functional.avg_pool2d(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override);
}

/// <summary>The mean over a grid of windows that makes the output of a given size.</summary>
public sealed class AdaptiveAvgPool2d : ParameterLessModule<Tensor, Tensor>
{
    internal AdaptiveAvgPool2d(long[] output_size)
        : base(nameof(AdaptiveAvgPool2d))
    {
        this.output_size = output_size;
    }

    /// <summary>The output's height and width.</summary>
    public long[] output_size { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.adaptive_avg_pool2d(input, output_size);
}
