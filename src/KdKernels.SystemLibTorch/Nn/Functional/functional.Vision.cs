namespace TorchSharp;

public static partial class torch
{
    /// <summary>How <c>interpolate</c> finds the values between the pixels.</summary>
    public enum InterpolationMode
    {
        /// <summary>The value at the floor of the scaled position.</summary>
        Nearest = 0,

        /// <summary>Linear, in one dimension.</summary>
        Linear = 1,

        /// <summary>Linear, in two dimensions.</summary>
        Bilinear = 2,

        /// <summary>Cubic, in two dimensions.</summary>
        Bicubic = 3,

        /// <summary>Linear, in three dimensions.</summary>
        Trilinear = 4,

        /// <summary>The mean over the area that a pixel covers.</summary>
        Area = 5,

        /// <summary>The nearest pixel centre.</summary>
        NearestExact = 6,
    }

    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly AtenOp PadOp = new("pad");

            /// <summary>Pads from the last dimension backwards: <c>[left, right, top, bottom, ...]</c>.</summary>
            /// <param name="input">What to pad.</param>
            /// <param name="pad">Two numbers per dimension, the last dimension first.</param>
            /// <param name="mode">What stands in the border; <see cref="PaddingModes.Zeros"/> is a constant zero.</param>
            /// <param name="value">The constant.</param>
            public static Tensor pad(
                Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0)
            {
                double? constant = mode == PaddingModes.Constant ? value : null;
                return PadOp.Call(input, pad, PadMode(mode), constant);
            }

            /// <summary>Pads from the last dimension backwards.</summary>
            public static Tensor pad(
                Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, pad.ToArray(), mode, value);

            /// <summary>Pads the last dimension.</summary>
            public static Tensor pad(
                Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, Pair(pad), mode, value);

            /// <summary>Pads the last two dimensions.</summary>
            public static Tensor pad(
                Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, [pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);

            /// <summary>Pads every dimension on both sides.</summary>
            public static Tensor pad(
                Tensor input, long pad, PaddingModes mode = PaddingModes.Constant, double value = 0)
            {
                long[] everySide = new long[2 * input.ndim];
                Array.Fill(everySide, pad);
                return functional.pad(input, everySide, mode, value);
            }

            /// <summary>Resizes <c>[B, C, spatial...]</c>, by a size or by a factor.</summary>
            /// <param name="x">The input.</param>
            /// <param name="size">The spatial output size; either this or the factor.</param>
            /// <param name="scale_factor">One factor per spatial dimension, or one for all.</param>
            /// <param name="mode">How to find values between pixels; its name says for how many dimensions it is.</param>
            /// <param name="align_corners">Whether corner pixels keep their positions; only for the linear and cubic modes.</param>
            /// <param name="recompute_scale_factor">Whether to resize by the ratio of the rounded sizes rather than by the factor.</param>
            /// <param name="antialias">Whether to filter when shrinking; only for bilinear and bicubic.</param>
            /// <exception cref="ArgumentException">Neither or both of size and factor, or a mode that does not fit the input.</exception>
            public static Tensor interpolate(
                Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest,
                bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false) =>
                Interpolation.Run(x, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias);

            private static string PadMode(PaddingModes mode) => mode switch
            {
                PaddingModes.Zeros or PaddingModes.Constant => "constant",
                PaddingModes.Reflect => "reflect",
                PaddingModes.Replicate => "replicate",
                PaddingModes.Circular => "circular",
                _ => throw new ArgumentException($"expected a padding mode but got {mode}", nameof(mode)),
            };
        }
    }
}
