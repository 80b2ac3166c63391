namespace KdKernels.Distillation.Data;

/// <summary>
/// PNG in full: greyscale, RGB, palette and alpha, bit depths 1 to 16, all five filters, Adam7, tRNS; every CRC
/// checked. Sixteen bits are rounded to eight. Colour space chunks (gamma, profiles) are not applied, as torchvision
/// and Pillow leave them.
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
            return Read(png, shape, (line, width, pixels, at, step) =>
            {
                for (int i = 0; i < width; i++)
                {
                    int index = Index(line, i, png);
                    for (int c = 0; c < shape.Channels; c++)
                        pixels[c * shape.PixelCount + at + i * step] = table[index * shape.Channels + c];
                }
            });
        }

        int[]? transparent = TransparentColour(png);
        return Read(png, shape, (line, width, pixels, at, step) =>
        {
            for (int c = 0; c < png.Samples; c++)
                WriteSamples(line, c, png, pixels.AsSpan(c * shape.PixelCount + at), width, step);
            if (transparent is not null)
                WriteAlpha(line, transparent, png, pixels.AsSpan(png.Samples * shape.PixelCount + at), width, step);
        });
    }

    /// <summary>
    /// The raw samples of a palette or greyscale image of at most 8 bits, <c>[1, H, W]</c>: what a segmentation mask
    /// stores, before any colour is looked up.
    /// </summary>
    /// <exception cref="KdDataException">The file is truncated or corrupt, or has colours or 16 bits instead of
    /// indices.</exception>
    public static DecodedImage DecodeIndices(byte[] file, string source)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(source);
        PngFile png = PngFile.Parse(file, source);
        if (png.Colour is not (PngColour.Palette or PngColour.Grey) || png.BitDepth > 8)
        {
            throw new KdDataException(
                source,
                offset: null,
                "expected a mask as palette or greyscale of at most 8 bits "
                + $"but got {png.Colour} of {png.BitDepth} bits");
        }

        return Read(png, new ImageShape(1, png.Height, png.Width), (line, width, pixels, at, step) =>
        {
            for (int i = 0; i < width; i++)
                pixels[at + i * step] = (byte)Index(line, i, png);
        });
    }

    /// <summary>
    /// Writes the pixels of a line into planes: <paramref name="at"/> is the place of the first in each plane,
    /// <paramref name="step"/> the distance to the next.
    /// </summary>
    private delegate void LineReader(ReadOnlySpan<byte> line, int width, byte[] pixels, int at, int step);

    private static DecodedImage Read(PngFile png, ImageShape shape, LineReader read)
    {
        using DataInput data = png.OpenData();
        data.RequireLeft(PngScanlines.InflatedLength(png), "inflated pixels");
        byte[] pixels = new byte[shape.ByteCount];
        PngScanlines.Read(
            png, data, (line, width, x, step, y) => read(line, width, pixels, y * shape.Width + x, step));
        data.RequireEnd("the last line");
        return new DecodedImage(shape, pixels);
    }

    private static void WriteSamples(
        ReadOnlySpan<byte> line, int channel, PngFile png, Span<byte> plane, int width, int step)
    {
        // Almost every file has 8 bits: a plain copy, so that the largest image that is accepted takes about a second.
        if (png.BitDepth == 8)
        {
            for (int i = 0, from = channel, to = 0; i < width; i++, from += png.Samples, to += step)
                plane[to] = line[from];
            return;
        }

        for (int i = 0; i < width; i++)
            plane[i * step] = ToByte(Sample(line, i * png.Samples + channel, png.BitDepth), png.BitDepth);
    }

    private static void WriteAlpha(
        ReadOnlySpan<byte> line, int[] transparent, PngFile png, Span<byte> plane, int width, int step)
    {
        for (int i = 0; i < width; i++)
        {
            bool matches = true;
            for (int c = 0; c < png.Samples; c++)
                matches &= Sample(line, i * png.Samples + c, png.BitDepth) == transparent[c];
            plane[i * step] = (byte)(matches ? 0 : 255);
        }
    }

    /// <summary>A palette index, checked, or a grey level.</summary>
    private static int Index(ReadOnlySpan<byte> line, int i, PngFile png)
    {
        int index = Sample(line, i, png.BitDepth);
        if (png.Colour == PngColour.Palette && index >= png.Palette.Length / 3)
        {
            throw new KdDataException(
                png.Source,
                offset: null,
                $"expected palette indices in [0, {png.Palette.Length / 3}) but got {index}");
        }

        return index;
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
}
