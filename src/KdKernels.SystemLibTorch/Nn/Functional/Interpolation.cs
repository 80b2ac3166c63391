using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Chooses the operator for a resize: torch has one per mode and number of spatial dimensions.</summary>
internal static class Interpolation
{
    private static readonly AtenOp[] Nearest =
        [new("upsample_nearest1d", "vec"), new("upsample_nearest2d", "vec"), new("upsample_nearest3d", "vec")];

    private static readonly AtenOp[] NearestExact =
    [
        new("_upsample_nearest_exact1d", "vec"), new("_upsample_nearest_exact2d", "vec"),
        new("_upsample_nearest_exact3d", "vec"),
    ];

    private static readonly AtenOp[] Area =
        [new("adaptive_avg_pool1d"), new("adaptive_avg_pool2d"), new("adaptive_avg_pool3d")];

    private static readonly AtenOp Linear = new("upsample_linear1d", "vec");
    private static readonly AtenOp Bilinear = new("upsample_bilinear2d", "vec");
    private static readonly AtenOp BilinearAntialiased = new("_upsample_bilinear2d_aa", "vec");
    private static readonly AtenOp Bicubic = new("upsample_bicubic2d", "vec");
    private static readonly AtenOp BicubicAntialiased = new("_upsample_bicubic2d_aa", "vec");
    private static readonly AtenOp Trilinear = new("upsample_trilinear3d", "vec");

    internal static Tensor Run(
        Tensor x, long[]? size, double[]? factor, InterpolationMode mode, bool? alignCorners, bool recompute, bool antialias)
    {
        int spatial = (int)x.ndim - 2;
        if (spatial is < 1 or > 3)
            throw new ArgumentException($"expected a 3D, 4D or 5D input but got {x.ndim}D", nameof(x));
        if ((size is null) == (factor is null))
            throw new ArgumentException("expected either size or scale_factor but got " + (size is null ? "neither" : "both"));
        size = Broadcast(size, spatial);
        factor = Broadcast(factor, spatial);

        bool nearest = mode is InterpolationMode.Nearest or InterpolationMode.NearestExact or InterpolationMode.Area;
        if (nearest && alignCorners is not null)
            throw new ArgumentException($"align_corners has no meaning for {mode}", nameof(alignCorners));
        if (antialias && mode is not (InterpolationMode.Bilinear or InterpolationMode.Bicubic))
            throw new ArgumentException($"antialias is for Bilinear and Bicubic but the mode is {mode}", nameof(antialias));
        if (factor is not null && (recompute || mode == InterpolationMode.Area))
        {
            size = OutputSize(x, factor);
            factor = null;
        }

        bool align = alignCorners ?? false;
        return mode switch
        {
            InterpolationMode.Nearest => Nearest[spatial - 1].Call(x, size, factor),
            InterpolationMode.NearestExact => NearestExact[spatial - 1].Call(x, size, factor),
            InterpolationMode.Area => Area[spatial - 1].Call(x, size),
            InterpolationMode.Linear => For(1).Call(x, size, align, factor),
            InterpolationMode.Bilinear or InterpolationMode.Bicubic => For(2).Call(x, size, align, factor),
            InterpolationMode.Trilinear => For(3).Call(x, size, align, factor),
            _ => throw new ArgumentException($"expected an interpolation mode but got {mode}", nameof(mode)),
        };

        AtenOp For(int dimensions)
        {
            if (spatial != dimensions)
                throw new ArgumentException($"{mode} expects a {dimensions + 2}D input but got {x.ndim}D", nameof(x));
            return mode switch
            {
                InterpolationMode.Linear => Linear,
                InterpolationMode.Trilinear => Trilinear,
                InterpolationMode.Bilinear => antialias ? BilinearAntialiased : Bilinear,
                _ => antialias ? BicubicAntialiased : Bicubic,
            };
        }
    }

    private static T[]? Broadcast<T>(T[]? values, int spatial)
    {
        if (values is null || values.Length == spatial) return values;
        if (values.Length == 1) return [.. Enumerable.Repeat(values[0], spatial)];
        throw new ArgumentException($"expected 1 or {spatial} values for {spatial} spatial dimensions but got {values.Length}");
    }

    private static long[] OutputSize(Tensor x, double[] factor)
    {
        var size = new long[factor.Length];
        for (int d = 0; d < size.Length; d++) size[d] = (long)Math.Floor(x.shape[d + 2] * factor[d]);
        return size;
    }
}
