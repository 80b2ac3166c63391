namespace KdKernels.Distillation.Data;

/// <summary>Channels, height and width of an image, in this order in memory.</summary>
public sealed record ImageShape
{
    /// <exception cref="ArgumentOutOfRangeException">An extent is not positive, or one image would exceed 2^31
    /// bytes.</exception>
    public ImageShape(int channels, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if ((Int128)channels * height * width > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(channels),
                $"expected at most {Array.MaxLength} bytes per image but got [{channels}, {height}, {width}]");
        }

        Channels = channels;
        Height = height;
        Width = width;
    }

    public int Channels { get; }

    public int Height { get; }

    public int Width { get; }

    /// <summary>H·W.</summary>
    public int PixelCount => Height * Width;

    /// <summary>C·H·W: bytes of one uint8 image.</summary>
    public int ByteCount => Channels * PixelCount;

    public override string ToString() => $"[{Channels}, {Height}, {Width}]";

    /// <summary>Bytes of <paramref name="count"/> images, refused where one array cannot hold them.</summary>
    /// <exception cref="KdDataException">More than <see cref="Array.MaxLength"/> bytes.</exception>
    internal int ByteCountOf(long count, string source)
    {
        Int128 bytes = (Int128)count * ByteCount;
        if (count < 0 || bytes > Array.MaxLength)
        {
            throw new KdDataException(
                source,
                offset: null,
                $"expected a set of at most {Array.MaxLength} bytes (2 GiB) in memory but got {count} images "
                + $"of {this}, {bytes} bytes; load fewer images or smaller ones");
        }

        return (int)bytes;
    }
}
