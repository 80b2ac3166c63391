namespace KdKernels.Distillation.Data;

/// <summary>What lies outside the image when a crop reaches over its edge.</summary>
public enum PaddingMode
{
    /// <summary>Black: byte 0 before normalisation, as torchvision's RandomCrop pads.</summary>
    Zero,

    /// <summary>The image mirrored at its edge pixel, which is not repeated.</summary>
    Reflect,
}

/// <summary>Which random changes an image gets; the default is none.</summary>
public sealed record AugmentationOptions
{
    /// <summary>No change at all: normalisation only.</summary>
    public static AugmentationOptions None { get; } = new();

    /// <summary>Pixels of padding on every side before a random crop to the original size; 0 turns it off.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in [0, 1024].</exception>
    public int CropPadding
    {
        get;
        init
        {
            if (value is < 0 or > 1024)
                throw new ArgumentOutOfRangeException(nameof(value), value, "expected a crop padding in [0, 1024]");
            field = value;
        }
    }

    public PaddingMode PaddingMode
    {
        get;
        init
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(value), value, "expected the padding mode Zero or Reflect");
            }

            field = value;
        }
    }

    /// <summary>Probability of a horizontal flip, in [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a probability.</exception>
    public double FlipProbability
    {
        get;
        init
        {
            if (!(value >= 0 && value <= 1))
                throw new ArgumentOutOfRangeException(nameof(value), value, "expected a flip probability in [0, 1]");
            field = value;
        }
    }

    /// <summary>
    /// Side of a square that is set to the channel mean (0 after normalisation), its centre uniform over the image and
    /// the square clipped at the edges (DeVries and Taylor 2017); 0 turns it off.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int CutoutSize
    {
        get;
        init
        {
            if (value < 0)
                throw new ArgumentOutOfRangeException(nameof(value), value, "expected a cutout size of at least 0");
            field = value;
        }
    }
}
