namespace KdKernels.Distillation.Data;

/// <summary>How <see cref="ImageFolder"/> brings images to one size and splits them.</summary>
public sealed record ImageFolderOptions
{
    /// <summary>
    /// Height and width: the shorter side is resized to it and the centre cropped. Null: all images must have one size
    /// already.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in [1, 4096].</exception>
    public int? Size
    {
        get;
        init
        {
            if (value is < 1 or > 4096)
                throw new ArgumentOutOfRangeException(nameof(value), value, "expected an image size in [1, 4096]");
            field = value;
        }
    }

    /// <summary>Without train and test folders: the part of every class that is held out, in (0, 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside (0, 1).</exception>
    public double TestFraction
    {
        get;
        init
        {
            if (!(value > 0 && value < 1))
                throw new ArgumentOutOfRangeException(nameof(value), value, "expected a test fraction inside (0, 1)");
            field = value;
        }
    } = 0.2;

    /// <summary>Seed of that split.</summary>
    public ulong Seed { get; init; }

    /// <summary>Asked in turn which one recognises a file.</summary>
    public IReadOnlyList<IImageDecoder> Decoders { get; init; } = [new PngDecoder(), new JpegDecoder()];
}
