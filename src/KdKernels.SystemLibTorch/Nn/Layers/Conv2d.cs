using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A 2-d convolution (a cross-correlation, as everywhere in torch).</summary>
public sealed class Conv2d : Convolution
{
    internal Conv2d(
        long in_channels, long out_channels, (long, long) kernel_size, (long, long) stride, (long, long)? padding,
        Padding? padding_type, (long, long) dilation, long groups, bool bias, PaddingModes padding_mode, Device? device,
        ScalarType? dtype)
        : base(
            nameof(Conv2d), in_channels, out_channels, nn.functional.Pair(kernel_size), nn.functional.Pair(stride),
            nn.functional.Pair(padding), padding_type, nn.functional.Pair(dilation), false, [0, 0], groups, bias, padding_mode,
            device, dtype)
    {
    }

    /// <summary><c>[B, In, H, W]</c> to <c>[B, Out, H', W']</c>, or both without B.</summary>
    /// <exception cref="ArgumentException">Another shape.</exception>
    public override Tensor forward(Tensor input)
    {
        if (!ValidateShape(input, 2)) throw Unexpected(input);
        if (padding_mode != PaddingModes.Zeros)
        {
            using Tensor padded = nn.functional.pad(input, _reversed_padding_repeated_twice, padding_mode);
            return nn.functional.conv2d(padded, weight, bias, stride, null, dilation, groups);
        }
        return padding_type is { } type
            ? nn.functional.conv2d_padding(input, weight, bias, stride, type, dilation, groups)
            : nn.functional.conv2d(input, weight, bias, stride, padding, dilation, groups);
    }
}
