namespace KdKernels.Distillation.Data.Augmenting.Operations;

/// <summary>The operations of AutoAugment's search space (Cubuk et al. 2019), by PIL's names.</summary>
public enum ImageOperation
{
    /// <summary>Rows moved against each other: the value is the source columns per row.</summary>
    ShearX,

    /// <summary>Columns moved against each other: the value is the source rows per column.</summary>
    ShearY,

    /// <summary>The value is in source columns.</summary>
    TranslateX,

    /// <summary>The value is in source rows.</summary>
    TranslateY,

    /// <summary>About the centre, counter-clockwise; the value is in degrees.</summary>
    Rotate,

    /// <summary>Each channel stretched to 0 to 255; no value.</summary>
    AutoContrast,

    /// <summary>No value.</summary>
    Invert,

    /// <summary>Each channel's histogram made flat; no value.</summary>
    Equalize,

    /// <summary>Bytes from the value on are inverted.</summary>
    Solarize,

    /// <summary>The value is the number of leading bits that stay, 1 to 8.</summary>
    Posterize,

    /// <summary>The value is the share of the image against its mean grey; above 1 it leads away from it.</summary>
    Contrast,

    /// <summary>The value is the share of the image against its grey version. One channel stays as it is.</summary>
    Color,

    /// <summary>The value is the share of the image against black.</summary>
    Brightness,

    /// <summary>The value is the share of the image against a smoothed one.</summary>
    Sharpness,
}
