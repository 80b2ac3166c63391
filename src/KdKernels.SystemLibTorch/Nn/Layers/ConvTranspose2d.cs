using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What the transposed convolutions share: the choice of an output size.</summary>
public abstract class ConvolutionTranspose : Convolution
{
    /// <summary>Creates the weight and the bias.</summary>
    protected ConvolutionTranspose(
        string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[]? padding, Padding? padding_type,
        long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode,
        Device? device = null, ScalarType? dtype = null)
        : base(
            name, in_channels, out_channels, kernel_size, stride, padding, padding_type, dilation, transposed, output_padding,
            groups, bias, padding_mode, device, dtype)
    {
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => forward(input, null);

    /// <summary>The transposed convolution with a chosen output size.</summary>
    /// <param name="input"><c>[B, In, H, W]</c> or <c>[In, H, W]</c></param>
    /// <param name="output_size">The spatial sizes, or all sizes; a stride leaves several to choose from.</param>
    public abstract Tensor forward(Tensor input, long[]? output_size);

    /// <summary>The output padding that gives a chosen output size.</summary>
    /// <exception cref="ArgumentException">The size cannot come out.</exception>
    protected long[] _output_padding(
        Tensor input, long[]? output_size, long[] kernel_size, long[] stride, long[] padding, long[] dilation,
        long num_spatial_dims)
    {
        if (output_size is null) return output_padding;
        int spatial = (int)num_spatial_dims;
        int leading = (int)input.ndim - spatial;
        if (output_size.Length == leading + spatial) output_size = output_size[leading..];
        if (output_size.Length != spatial)
        {
            throw new ArgumentException(
                $"expected an output_size of {spatial} or {leading + spatial} values but got {output_size.Length}", nameof(output_size));
        }
        var extra = new long[spatial];
        for (int d = 0; d < spatial; d++)
        {
            long smallest = (input.size(d + leading) - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernel_size[d] - 1) + 1;
            long largest = smallest + stride[d] - 1;
            if (output_size[d] < smallest || output_size[d] > largest)
            {
                throw new ArgumentException(
                    $"expected an output size from {smallest} to {largest} in dimension {d} but got {output_size[d]}",
                    nameof(output_size));
            }
            extra[d] = output_size[d] - smallest;
        }
        return extra;
    }
}

/// <summary>A transposed 2-d convolution: the gradient of <see cref="Conv2d"/> with respect to its input.</summary>
public sealed class ConvTranspose2d : ConvolutionTranspose
{
    internal ConvTranspose2d(
        long in_channels, long out_channels, (long, long) kernel_size, (long, long) stride, (long, long) padding,
        (long, long) dilation, (long, long) output_padding, long groups, bool bias, PaddingModes padding_mode, Device? device,
        ScalarType? dtype)
        : base(
            nameof(ConvTranspose2d), in_channels, out_channels, nn.functional.Pair(kernel_size), nn.functional.Pair(stride),
            nn.functional.Pair(padding), null, nn.functional.Pair(dilation), true, nn.functional.Pair(output_padding), groups, bias,
            padding_mode, device, dtype)
    {
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input, long[]? output_size)
    {
        if (!ValidateShape(input, 2)) throw Unexpected(input);
        long[] extra = _output_padding(input, output_size, kernel_size, stride, padding!, dilation, 2);
        return nn.functional.conv_transpose2d(input, weight, bias, stride, padding, extra, dilation, groups);
    }
}
