using System.Diagnostics.CodeAnalysis;

namespace KdKernels.Distillation.Data;

/// <summary>A decoded image: uint8, 1 channel (greyscale), 2 (greyscale, alpha), 3 (RGB) or 4 (RGB, alpha).</summary>
/// <param name="Shape">Channels, height, width.</param>
/// <param name="Pixels"><c>[C, H, W]</c>.</param>
[SuppressMessage(
    "Performance", "CA1819:Properties should not return arrays", Justification = "A buffer that its receiver owns.")]
public sealed record DecodedImage(ImageShape Shape, byte[] Pixels)
{
    /// <summary>Decoders refuse larger images: 64 megapixels.</summary>
    public const long MaxPixels = 64L << 20;

    /// <summary>Three channels: greyscale is repeated, alpha is dropped.</summary>
    public DecodedImage ToRgb()
    {
        int plane = Shape.PixelCount;
        if (Shape.Channels == 3)
            return this;
        byte[] rgb = new byte[3 * plane];
        for (int c = 0; c < 3; c++)
            Pixels.AsSpan(Shape.Channels >= 3 ? c * plane : 0, plane).CopyTo(rgb.AsSpan(c * plane));
        return new DecodedImage(new ImageShape(3, Shape.Height, Shape.Width), rgb);
    }

    /// <summary>Checks declared extents before memory is taken for them.</summary>
    internal static void RequireExtents(long width, long height, long offset, string source)
    {
        if (width < 1 || height < 1 || (Int128)width * height > MaxPixels)
        {
            throw new KdDataException(
                source,
                offset,
                $"expected an image of 1 to {MaxPixels} pixels (64 megapixels) but got {width} x {height}");
        }
    }
}
