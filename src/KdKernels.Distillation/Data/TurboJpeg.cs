using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Data;

/// <summary>The part of the TurboJPEG 2 API that <see cref="JpegDecoder"/> calls (turbojpeg.h).</summary>
internal static partial class TurboJpeg
{
    public const string Library = "libturbojpeg.so.0";

    // enum TJPF, enum TJCS and TJFLAG_* of turbojpeg.h.
    public const int PixelFormatRgb = 0;
    public const int PixelFormatGrey = 6;
    public const int ColourSpaceGrey = 2;
    public const int ColourSpaceCmyk = 3;
    public const int ColourSpaceYcck = 4;
    public const int AccurateDct = 4096;
    public const int StopOnWarning = 8192;
    public const int LimitScans = 32768;

    [LibraryImport(Library, EntryPoint = "tjInitDecompress")]
    public static partial nint InitDecompress();

    [LibraryImport(Library, EntryPoint = "tjDestroy")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "tjGetErrorStr2")]
    public static partial nint ErrorText(nint handle);

    [LibraryImport(Library, EntryPoint = "tjDecompressHeader3")]
    public static partial int DecompressHeader(
        nint handle,
        [In] byte[] file,
        nuint length,
        out int width,
        out int height,
        out int subsampling,
        out int colourSpace);

    [LibraryImport(Library, EntryPoint = "tjDecompress2")]
    public static partial int Decompress(
        nint handle,
        [In] byte[] file,
        nuint length,
        [In, Out] byte[] destination,
        int width,
        int pitch,
        int height,
        int pixelFormat,
        int flags);
}
