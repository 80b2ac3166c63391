namespace KdKernels.Distillation.Data;

/// <summary>
/// PNG in full: greyscale, RGB, palette and alpha, bit depths 1 to 16, all five filters, Adam7, tRNS; every CRC checked. Sixteen
/// bits are rounded to eight. Colour space chunks (gamma, profiles) are not applied, as torchvision and Pillow leave them.
/// </summary>
public sealed class PngDecoder : IImageDecoder
{
    public bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith(PngFile.Signature);

    /// <inheritdoc/>
    /// <remarks>A tRNS chunk adds the alpha channel that it stands for.</remarks>
    public DecodedImage Decode(byte[] file, string source)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(source);
        PngFile png = PngFile.Parse(file, source);
        bool indexed = png.Colour == PngColour.Palette;
        int colours = png.Colour is PngColour.Grey or PngColour.GreyAlpha ? 1 : 3;
        bool alpha = png.Colour is PngColour.GreyAlpha or PngColour.Rgba || png.Transparency is not null;
        var shape = new ImageShape(colours + (alpha ? 1 : 0), png.Height, png.Width);
        if (indexed)
        {
            byte[] table = PaletteTable(png, shape.Channels);
            int entries = png.Palette.Length / 3;
            return Read(png, shape, (line, i, pixel) =>
            {
                int index = Sample(line, i, png.BitDepth);
                RequireEntry(index, entries, png);
                table.AsSpan(index * pixel.Length, pixel.Length).CopyTo(pixel);
            });
        }

        int[]? transparent = TransparentColour(png);
        return Read(png, shape, (line, i, pixel) =>
        {
            bool matches = transparent is not null;
            for (int c = 0; c < png.Samples; c++)
            {
                int sample = Sample(line, i * png.Samples + c, png.BitDepth);
                matches = matches && sample == transparent![c];
                pixel[c] = ToByte(sample, png.BitDepth);
            }

            if (transparent is not null)
                pixel[^1] = (byte)(matches ? 0 : 255);
        });
    }

    /// <summary>
    /// The raw samples of a palette or greyscale image of at most 8 bits, <c>[1, H, W]</c>: what a segmentation mask stores, before
    /// any colour is looked up.
    /// </summary>
    /// <exception cref="KdDataException">The file is truncated or corrupt, or has colours or 16 bits instead of indices.</exception>
    public static DecodedImage DecodeIndices(byte[] file, string source)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(source);
        PngFile png = PngFile.Parse(file, source);
        if (png.Colour is not (PngColour.Palette or PngColour.Grey) || png.BitDepth > 8)
        {
            throw new KdDataException(
                source, offset: null, $"expected a mask as palette or greyscale of at most 8 bits but got {png.Colour} of {png.BitDepth} bits");
        }

        int entries = png.Colour == PngColour.Palette ? png.Palette.Length / 3 : 256;
        return Read(png, new ImageShape(1, png.Height, png.Width), (line, i, pixel) =>
        {
            int index = Sample(line, i, png.BitDepth);
            RequireEntry(index, entries, png);
            pixel[0] = (byte)index;
        });
    }

    private delegate void PixelReader(ReadOnlySpan<byte> line, int index, Span<byte> pixel);

    private static DecodedImage Read(PngFile png, ImageShape shape, PixelReader read)
    {
        using DataInput data = png.OpenData();
        data.RequireLeft(PngScanlines.InflatedLength(png), "inflated pixels");
        byte[] pixels = new byte[shape.ByteCount];
        byte[] pixel = new byte[shape.Channels];
        PngScanlines.Read(png, data, (line, width, x, stepX, y) =>
        {
            for (int i = 0; i < width; i++)
            {
                read(line, i, pixel);
                int at = y * shape.Width + x + i * stepX;
                for (int c = 0; c < pixel.Length; c++)
                    pixels[c * shape.PixelCount + at] = pixel[c];
            }
        });
        data.RequireEnd("the last line");
        return new DecodedImage(shape, pixels);
    }

    private static int Sample(ReadOnlySpan<byte> line, int index, int depth)
    {
        if (depth == 8)
            return line[index];
        if (depth == 16)
            return (line[2 * index] << 8) | line[2 * index + 1];
        int bit = index * depth;
        return (line[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }

    /// <summary>Full range to full range: 1, 2 and 4 bits by an exact factor, 16 bits rounded to nearest.</summary>
    private static byte ToByte(int sample, int depth) => (byte)(depth switch
    {
        8 => sample,
        16 => (sample * 255 + 32767) / 65535,
        _ => sample * 255 / ((1 << depth) - 1),
    });

    private static byte[] PaletteTable(PngFile png, int channels)
    {
        byte[] table = new byte[png.Palette.Length / 3 * channels];
        for (int i = 0; i < png.Palette.Length / 3; i++)
        {
            png.Palette.AsSpan(3 * i, 3).CopyTo(table.AsSpan(i * channels));
            if (channels == 4)
                table[i * 4 + 3] = i < png.Transparency!.Length ? png.Transparency[i] : (byte)255;
        }

        return table;
    }

    private static int[]? TransparentColour(PngFile png)
    {
        if (png.Transparency is not { } bytes)
            return null;
        int[] colour = new int[bytes.Length / 2];
        for (int c = 0; c < colour.Length; c++)
            colour[c] = ((bytes[2 * c] << 8) | bytes[2 * c + 1]) & ((1 << png.BitDepth) - 1);
        return colour;
    }

    private static void RequireEntry(int index, int entries, PngFile png)
    {
        if (index >= entries)
            throw new KdDataException(png.Source, offset: null, $"expected palette indices in [0, {entries}) but got {index}");
    }
}
