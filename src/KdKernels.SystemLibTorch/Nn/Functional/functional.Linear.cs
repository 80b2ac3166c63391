namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly long[] Zero = [0];
            private static readonly long[] One = [1];
            private static readonly long[] TwoZeros = [0, 0];
            private static readonly long[] TwoOnes = [1, 1];

            private static readonly AtenOp LinearOp = new("linear");
            private static readonly AtenOp Conv2dOp = new("conv2d");
            private static readonly AtenOp Conv2dPaddingOp = new("conv2d", "padding");
            private static readonly AtenOp ConvTranspose2dOp = new("conv_transpose2d", "input");
            private static readonly AtenOp UnfoldOp = new("im2col");
            private static readonly AtenOp OneHotOp = new("one_hot");

            /// <summary>input·weightsᵀ + bias.</summary>
            /// <param name="input"><c>[*, In]</c></param>
            /// <param name="weights"><c>[Out, In]</c></param>
            /// <param name="bias"><c>[Out]</c></param>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => LinearOp.Call(input, weights, bias);

            /// <summary>A 2-d cross-correlation.</summary>
            /// <param name="input"><c>[B, In, H, W]</c> or <c>[In, H, W]</c></param>
            /// <param name="weight"><c>[Out, In / groups, KH, KW]</c></param>
            /// <param name="bias"><c>[Out]</c></param>
            /// <param name="strides">One value, or one per dimension; likewise the padding and the dilation.</param>
            /// <param name="padding">Zeros added on every side.</param>
            /// <param name="dilation">The distance between kernel elements.</param>
            /// <param name="groups">The number of independent channel groups.</param>
            public static Tensor conv2d(
                Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null,
                long[]? dilation = null, long groups = 1) =>
                Conv2dOp.Call(input, weight, bias, strides ?? One, padding ?? Zero, dilation ?? One, groups);

            /// <summary>A 2-d cross-correlation without padding, or padded so that the size stays.</summary>
            public static Tensor conv2d_padding(
                Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, Padding padding = Padding.Valid,
                long[]? dilation = null, long groups = 1)
            {
                string mode = padding == Padding.Same ? "same" : "valid";
                return Conv2dPaddingOp.Call(input, weight, bias, strides ?? One, mode, dilation ?? One, groups);
            }

            /// <summary>The transpose of a 2-d cross-correlation.</summary>
            /// <param name="input"><c>[B, In, H, W]</c> or <c>[In, H, W]</c></param>
            /// <param name="weight"><c>[In, Out / groups, KH, KW]</c></param>
            /// <param name="bias"><c>[Out]</c></param>
            /// <param name="strides">The stride of the correlation that this transposes.</param>
            /// <param name="padding">The padding of that correlation.</param>
            /// <param name="output_padding">Size added on one side of the output.</param>
            /// <param name="dilation">The distance between kernel elements.</param>
            /// <param name="groups">The number of independent channel groups.</param>
            public static Tensor conv_transpose2d(
                Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null,
                long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                ConvTranspose2dOp.Call(
                    input, weight, bias, strides ?? TwoOnes, padding ?? TwoZeros, output_padding ?? TwoZeros, groups,
                    dilation ?? TwoOnes);

            /// <summary>Sliding blocks as columns: <c>[B, C, H, W]</c> becomes <c>[B, C·KH·KW, blocks]</c>.</summary>
            public static Tensor unfold(Tensor input, long kernel_size, long dilation = 1, long padding = 0, long stride = 1) =>
                unfold(input, (kernel_size, kernel_size), (dilation, dilation), (padding, padding), (stride, stride));

            /// <summary>Sliding blocks as columns: <c>[B, C, H, W]</c> becomes <c>[B, C·KH·KW, blocks]</c>.</summary>
            public static Tensor unfold(
                Tensor input, (long, long) kernel_size, (long, long)? dilation = null, (long, long)? padding = null,
                (long, long)? stride = null) =>
                UnfoldOp.Call(
                    input, Pair(kernel_size), Pair(dilation) ?? TwoOnes, Pair(padding) ?? TwoZeros, Pair(stride) ?? TwoOnes);

            /// <summary>Class indices <c>[*]</c> as rows <c>[*, num_classes]</c> of zeros with a single one.</summary>
            /// <param name="x">Class indices, int64.</param>
            /// <param name="num_classes">The row length; −1 for the largest index plus one.</param>
            /// <exception cref="ArgumentException">The dtype is not int64.</exception>
            public static Tensor one_hot(Tensor x, long num_classes = -1)
            {
                if (x.dtype != ScalarType.Int64)
                    throw new ArgumentException($"OneHot input tensor must have elements of type Int64 but got {x.dtype}", nameof(x));
                return OneHotOp.Call(x, num_classes);
            }

            internal static long[] Pair((long, long) value) => [value.Item1, value.Item2];

            internal static long[]? Pair((long, long)? value) => value is { } pair ? Pair(pair) : null;
        }
    }
}
