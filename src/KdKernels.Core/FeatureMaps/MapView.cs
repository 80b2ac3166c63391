namespace KdKernels.Core;

/// <summary>
/// Feature maps <c>[B, C, H, W]</c>: rows of channels, one per pixel, and how the pixels form an image. In
/// <see cref="Rows"/> Outer is B, Inner is H·W with pixel (y, x) at y·W + x, and Length is C:
/// <list type="bullet">
/// <item>NCHW: strides (C·H·W, 1, H·W);</item>
/// <item>NHWC, channels_last: strides (H·W·C, C, 1);</item>
/// <item>any other whose H and W merge into one stride: read in place as well.</item>
/// </list>
/// </summary>
/// <param name="Rows">The memory.</param>
/// <param name="Height">H, at least 1.</param>
/// <param name="Width">W, at least 1; Inner is H·W.</param>
public readonly record struct MapView(RowsView Rows, int Height, int Width)
{
    /// <summary>B.</summary>
    public long Batch => Rows.Outer;

    /// <summary>C.</summary>
    public long Channels => Rows.Length;

    /// <summary>H·W.</summary>
    public int Pixels => Height * Width;

    /// <summary>Contiguous <c>[B, C, H, W]</c>.</summary>
    public static MapView Contiguous(
        nint data, KdElementType type, long batch, long channels, int height, int width)
    {
        long pixels = (long)height * width;
        var rows = new RowsView(data, type, batch, pixels, channels, channels * pixels, 1, pixels);
        return new MapView(rows, height, width);
    }

    internal bool HasSize(int height, int width) => Height == height && Width == width;
}
