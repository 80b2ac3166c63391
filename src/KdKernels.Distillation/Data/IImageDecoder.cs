namespace KdKernels.Distillation.Data;

/// <summary>
/// Decodes one kind of image file. The seam where another codec plugs in; <see cref="ImageFolder"/> asks its decoders
/// in turn.
/// </summary>
public interface IImageDecoder
{
    /// <summary>Whether the file begins like one of this kind. Names and extensions are not asked.</summary>
    /// <param name="start">The first bytes of the file, possibly fewer than 16.</param>
    bool Recognizes(ReadOnlySpan<byte> start);

    /// <summary>Decodes a whole file.</summary>
    /// <param name="file">Contents.</param>
    /// <param name="source">The file as messages name it.</param>
    /// <exception cref="KdDataException">The file is truncated, corrupt, or beyond
    /// <see cref="DecodedImage.MaxPixels"/>.</exception>
    DecodedImage Decode(byte[] file, string source);
}
