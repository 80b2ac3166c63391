using System.Buffers.Binary;
using System.IO.Compression;

namespace KdKernels.Distillation.Formats;

/// <summary>Writes 8-bit greyscale and RGB PNG files, for the pictures of reports.</summary>
public static class PngWriter
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Encodes an image whose channels are interleaved, as PNG stores them.</summary>
    /// <param name="pixels"><c>[H, W, C]</c>.</param>
    /// <param name="width">W.</param>
    /// <param name="height">H.</param>
    /// <param name="channels">1 for greyscale, 3 for RGB.</param>
    /// <exception cref="ArgumentException">Extents are not positive, channels are neither 1 nor 3, or the length
    /// differs.</exception>
    public static byte[] Encode(ReadOnlySpan<byte> pixels, int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (channels is not (1 or 3))
        {
            throw new ArgumentOutOfRangeException(
                nameof(channels), channels, "expected 1 (greyscale) or 3 (RGB) channels");
        }

        if (pixels.Length != (long)width * height * channels)
        {
            throw new ArgumentException(
                $"expected {(long)width * height * channels} bytes for [{height}, {width}, {channels}] "
                + $"but got {pixels.Length}",
                nameof(pixels));
        }

        using var file = new MemoryStream();
        file.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = (byte)(channels == 1 ? 0 : 2);
        header[10..].Clear();
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "IDAT"u8, Deflate(pixels, width * channels));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    /// <summary>Encodes an image in the order of an <c>ImageSet</c>.</summary>
    /// <param name="pixels"><c>[C, H, W]</c> with C = 1 or 3.</param>
    /// <param name="width">W.</param>
    /// <param name="height">H.</param>
    /// <param name="channels">C.</param>
    public static byte[] EncodePlanar(ReadOnlySpan<byte> pixels, int width, int height, int channels)
    {
        byte[] interleaved = new byte[pixels.Length];
        int plane = Math.Max(1, pixels.Length / Math.Max(1, channels));
        for (int i = 0; i < pixels.Length; i++)
            interleaved[i % plane * channels + i / plane] = pixels[i];
        return Encode(interleaved, width, height, channels);
    }

    private static byte[] Deflate(ReadOnlySpan<byte> pixels, int stride)
    {
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
        {
            // Every line as difference to the one above (filter 2): cheap, and much smaller than raw lines on smooth
            // pictures.
            byte[] line = new byte[stride + 1];
            for (int start = 0; start < pixels.Length; start += stride)
            {
                line[0] = 2;
                for (int i = 0; i < stride; i++)
                    line[i + 1] = (byte)(pixels[start + i] - (start == 0 ? 0 : pixels[start - stride + i]));
                zlib.Write(line);
            }
        }

        return data.ToArray();
    }

    private static void WriteChunk(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        file.Write(word);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, Crc32.Append(Crc32.Compute(type), data));
        file.Write(word);
    }
}
