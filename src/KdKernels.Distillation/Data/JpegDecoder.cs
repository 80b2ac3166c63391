using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Data;

/// <summary>
/// JPEG by the system's libturbojpeg (Debian: libturbojpeg0): greyscale gives one channel, colour gives RGB. Where the
/// library is missing, decoding says how to install it.
/// </summary>
public sealed class JpegDecoder : IImageDecoder
{
    /// <summary>Every block of 64 pixels costs at least one bit, so no file holds more pixels per byte.</summary>
    private const long MaxPixelsPerByte = 512;

    private static readonly Lazy<bool> Available = new(Probe);

    /// <summary>Whether libturbojpeg can be loaded here.</summary>
    public static bool IsAvailable => Available.Value;

    public bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);

    /// <inheritdoc/>
    /// <remarks>A warning of the library (corrupt or missing data) is an error here: a half-grey picture must not
    /// become training data.</remarks>
    public DecodedImage Decode(byte[] file, string source)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(source);
        if (!IsAvailable)
        {
            throw new KdDataException(
                source,
                offset: null,
                $"expected {TurboJpeg.Library}, which decodes JPEG, but it cannot be loaded: "
                + "apt-get install libturbojpeg0");
        }

        if (file.Length == 0)
            throw new KdDataException(source, offset: 0, "expected a JPEG image but the file is empty");
        nint decoder = TurboJpeg.InitDecompress();
        if (decoder == 0)
        {
            throw new KdDataException(
                source, offset: null, "expected a decoder from libturbojpeg but got none (out of memory)");
        }

        try
        {
            return Decode(decoder, file, source);
        }
        finally
        {
            _ = TurboJpeg.Destroy(decoder);
        }
    }

    private static DecodedImage Decode(nint decoder, byte[] file, string source)
    {
        int status = TurboJpeg.DecompressHeader(
            decoder, file, (nuint)file.Length, out int width, out int height, out _, out int colourSpace);
        Check(status, decoder, source);
        DecodedImage.RequireExtents(width, height, 0, source);
        if ((long)width * height > MaxPixelsPerByte * file.Length)
        {
            throw new KdDataException(
                source,
                offset: 0,
                $"expected at least one byte per {MaxPixelsPerByte} pixels "
                + $"but got {file.Length} bytes for {width} x {height}");
        }

        if (colourSpace is TurboJpeg.ColourSpaceCmyk or TurboJpeg.ColourSpaceYcck)
        {
            throw new KdDataException(
                source, offset: null, "expected a greyscale or RGB image but got CMYK; convert it first");
        }

        int channels = colourSpace == TurboJpeg.ColourSpaceGrey ? 1 : 3;
        byte[] interleaved = new byte[width * height * channels];
        status = TurboJpeg.Decompress(
            decoder,
            file,
            (nuint)file.Length,
            interleaved,
            width,
            width * channels,
            height,
            channels == 1 ? TurboJpeg.PixelFormatGrey : TurboJpeg.PixelFormatRgb,
            TurboJpeg.AccurateDct | TurboJpeg.StopOnWarning | TurboJpeg.LimitScans);
        Check(status, decoder, source);
        return new DecodedImage(new ImageShape(channels, height, width), ToPlanes(interleaved, channels));
    }

    private static byte[] ToPlanes(byte[] interleaved, int channels)
    {
        if (channels == 1)
            return interleaved;
        int plane = interleaved.Length / channels;
        byte[] planes = new byte[interleaved.Length];
        for (int i = 0; i < plane; i++)
        {
            for (int c = 0; c < channels; c++)
                planes[c * plane + i] = interleaved[i * channels + c];
        }

        return planes;
    }

    private static void Check(int status, nint decoder, string source)
    {
        if (status != 0)
        {
            string? said = Marshal.PtrToStringUTF8(TurboJpeg.ErrorText(decoder));
            throw new KdDataException(source, offset: null, $"expected a JPEG image but libturbojpeg says: {said}");
        }
    }

    private static bool Probe()
    {
        // Kept loaded: the imports of TurboJpeg use it for the life of the process.
        return NativeLibrary.TryLoad(TurboJpeg.Library, out _);
    }
}
