namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly AtenOp MaxPool2dOp = new("max_pool2d");
            private static readonly AtenOp MaxPool2dWithIndicesOp = new("max_pool2d_with_indices");
            private static readonly AtenOp AvgPool2dOp = new("avg_pool2d");
            private static readonly AtenOp AdaptiveAvgPool2dOp = new("adaptive_avg_pool2d");
            private static readonly AtenOp AdaptiveMaxPool2dOp = new("adaptive_max_pool2d");

            /// <summary>The maximum over sliding windows of <c>[B, C, H, W]</c>; the stride is the window's size by default.</summary>
            public static Tensor max_pool2d(
                Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null,
                bool ceil_mode = false) =>
                MaxPool2dOp.Call(input, kernel_size, strides ?? kernel_size, padding ?? Zero, dilation ?? One, ceil_mode);

            /// <summary>The maximum over sliding windows of <c>[B, C, H, W]</c>; the stride is the window's size by default.</summary>
            public static Tensor max_pool2d(
                Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null,
                bool ceil_mode = false) =>
                max_pool2d(input, [kernel_size], Single(stride), Single(padding), Single(dilation), ceil_mode);

            /// <summary>The maximum over sliding windows of <c>[B, C, H, W]</c>; the stride is the window's size by default.</summary>
            public static Tensor max_pool2d(
                Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
                (long, long)? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, Pair(kernel_size), Pair(stride), Pair(padding), Pair(dilation), ceil_mode);

            /// <summary>The maximum over sliding windows, and its flat position in the image.</summary>
            public static (Tensor output, Tensor indices) max_pool2d_with_indices(
                Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null,
                bool ceil_mode = false) =>
                MaxPool2dWithIndicesOp.Call2(
                    input, kernel_size, strides ?? kernel_size, padding ?? Zero, dilation ?? One, ceil_mode);

            /// <summary>The mean over sliding windows of <c>[B, C, H, W]</c>; the stride is the window's size by default.</summary>
            public static Tensor avg_pool2d(
                Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null) =>
                AvgPool2dOp.Call(
                    input, kernel_size, stride ?? kernel_size, padding ?? Zero, ceil_mode, count_include_pad, divisor_override);

            /// <summary>The mean over sliding windows of <c>[B, C, H, W]</c>; the stride is the window's size by default.</summary>
            public static Tensor avg_pool2d(
                Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false,
                bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, [kernel_size], Single(stride), [padding], ceil_mode, count_include_pad, divisor_override);

            /// <summary>The mean over sliding windows of <c>[B, C, H, W]</c>; the stride is the window's size by default.</summary>
            public static Tensor avg_pool2d(
                Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
                bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(
                    input, Pair(kernel_size), Pair(stride), Pair(padding), ceil_mode, count_include_pad, divisor_override);

            /// <summary>The mean over a grid of windows that makes the output of a given size.</summary>
            public static Tensor adaptive_avg_pool2d(Tensor input, long[] output_size) =>
                AdaptiveAvgPool2dOp.Call(input, output_size);

            /// <summary>The mean over a grid of windows that makes the output of a given size.</summary>
            public static Tensor adaptive_avg_pool2d(Tensor input, (long, long) output_size) =>
                adaptive_avg_pool2d(input, Pair(output_size));

            /// <summary>The mean over a grid of windows that makes the output of a given size.</summary>
            public static Tensor adaptive_avg_pool2d(Tensor input, long output_size) =>
                adaptive_avg_pool2d(input, [output_size, output_size]);

            /// <summary>The maximum over a grid of windows that makes the output of a given size.</summary>
            public static Tensor adaptive_max_pool2d(Tensor input, long[] output_size)
            {
                var (values, indices) = adaptive_max_pool2d_with_indices(input, output_size);
                indices.Dispose();
                return values;
            }

            /// <summary>The maximum over a grid of windows, and its flat position in the image.</summary>
            public static (Tensor Values, Tensor Indices) adaptive_max_pool2d_with_indices(Tensor input, long[] output_size) =>
                AdaptiveMaxPool2dOp.Call2(input, output_size);

            private static long[]? Single(long? value) => value is { } number ? [number] : null;
        }
    }
}
