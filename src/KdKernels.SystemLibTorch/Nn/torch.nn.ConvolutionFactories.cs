using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A 2-d convolution with square kernel.</summary>
        /// <param name="in_channels">The channels of the input.</param>
        /// <param name="out_channels">The channels of the output.</param>
        /// <param name="kernel_size">The kernel's size.</param>
        /// <param name="stride">The distance between positions.</param>
        /// <param name="padding">What is added on every side.</param>
        /// <param name="dilation">The distance between kernel elements.</param>
        /// <param name="padding_mode">What stands in the border.</param>
        /// <param name="groups">The number of independent channel groups.</param>
        /// <param name="bias">Whether there is a bias.</param>
        /// <param name="device">Where the parameters are.</param>
        /// <param name="dtype">What they hold.</param>
        public static Conv2d Conv2d(
            long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long dilation = 1,
            PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null,
            ScalarType? dtype = null) =>
            new(
                in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), null,
                (dilation, dilation), groups, bias, padding_mode, device, dtype);

        /// <summary>A 2-d convolution.</summary>
        public static Conv2d Conv2d(
            long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null,
            (long, long)? padding = null, (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros,
            long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
            new(
                in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), null, dilation ?? (1, 1), groups, bias,
                padding_mode, device, dtype);

        /// <summary>A 2-d convolution with square kernel, without padding or padded to keep the size.</summary>
        public static Conv2d Conv2d(
            long in_channels, long out_channels, long kernel_size, Padding padding, long stride = 1, long dilation = 1,
            PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null,
            ScalarType? dtype = null) =>
            new(
                in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), null, padding, (dilation, dilation), groups,
                bias, padding_mode, device, dtype);

        /// <summary>A 2-d convolution, without padding or padded to keep the size.</summary>
        public static Conv2d Conv2d(
            long in_channels, long out_channels, (long, long) kernel_size, Padding padding, (long, long)? stride = null,
            (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true,
            Device? device = null, ScalarType? dtype = null) =>
            new(
                in_channels, out_channels, kernel_size, stride ?? (1, 1), null, padding, dilation ?? (1, 1), groups, bias,
                padding_mode, device, dtype);

        /// <summary>A transposed 2-d convolution with square kernel.</summary>
        public static ConvTranspose2d ConvTranspose2d(
            long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long output_padding = 0,
            long dilation = 1, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true,
            Device? device = null, ScalarType? dtype = null) =>
            new(
                in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), (dilation, dilation),
                (output_padding, output_padding), groups, bias, padding_mode, device, dtype);

        /// <summary>A transposed 2-d convolution.</summary>
        public static ConvTranspose2d ConvTranspose2d(
            long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null,
            (long, long)? padding = null, (long, long)? output_padding = null, (long, long)? dilation = null,
            PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null,
            ScalarType? dtype = null) =>
            new(
                in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1),
                output_padding ?? (0, 0), groups, bias, padding_mode, device, dtype);

        /// <summary>The maximum over square windows.</summary>
        public static MaxPool2d MaxPool2d(
            long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
            MaxPool2d(
                [kernel_size, kernel_size], Square(stride ?? kernel_size), Square(padding ?? 0), Square(dilation ?? 1), ceil_mode);

        /// <summary>The maximum over windows.</summary>
        public static MaxPool2d MaxPool2d(
            (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, (long, long)? dilation = null,
            bool ceil_mode = false) =>
            MaxPool2d(
                functional.Pair(kernel_size), functional.Pair(stride ?? kernel_size), functional.Pair(padding ?? (0, 0)),
                functional.Pair(dilation ?? (1, 1)), ceil_mode);

        /// <summary>The maximum over windows; the stride is the window's size by default.</summary>
        public static MaxPool2d MaxPool2d(
            long[] kernel_size, long[]? stride = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
            new(kernel_size, stride, padding, dilation, ceil_mode);

        /// <summary>The mean over windows; the stride is the window's size by default.</summary>
        public static AvgPool2d AvgPool2d(
            long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false,
            bool count_include_pad = true, long? divisor_override = null) =>
            new(kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override);

        /// <summary>The mean over windows; the stride is the window's size by default.</summary>
        public static AvgPool2d AvgPool2d(
            (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, bool ceil_mode = false,
            bool count_include_pad = true, long? divisor_override = null) =>
            AvgPool2d(
                functional.Pair(kernel_size), functional.Pair(stride), functional.Pair(padding), ceil_mode, count_include_pad,
                divisor_override);

        /// <summary>The mean over square windows; the stride is the window's size by default.</summary>
        public static AvgPool2d AvgPool2d(
            long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false, bool count_include_pad = true,
            long? divisor_override = null) =>
            AvgPool2d(
                Square(kernel_size), stride is { } s ? Square(s) : null, padding is { } p ? Square(p) : null, ceil_mode,
                count_include_pad, divisor_override);

        /// <summary>The mean over a grid of windows that makes the output of a given size.</summary>
        public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long[] output_size) => new(output_size);

        /// <summary>The mean over a grid of windows that makes the output of a given size.</summary>
        public static AdaptiveAvgPool2d AdaptiveAvgPool2d((long, long) output_size) => new(functional.Pair(output_size));

        /// <summary>The mean over a grid of windows that makes the output square, of a given size.</summary>
        public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long output_size) => new(Square(output_size));

        private static long[] Square(long size) => [size, size];
    }
}
