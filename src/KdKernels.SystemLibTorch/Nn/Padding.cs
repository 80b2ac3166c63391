namespace TorchSharp;

/// <summary>What stands in the border that padding adds.</summary>
public enum PaddingModes
{
    /// <summary>Zeros.</summary>
    Zeros = 0,

    /// <summary>The image mirrored at its edge pixel.</summary>
    Reflect = 1,

    /// <summary>The edge pixel.</summary>
    Replicate = 2,

    /// <summary>The opposite side of the image.</summary>
    Circular = 3,

    /// <summary>A constant.</summary>
    Constant = 4,
}

/// <summary>How much padding a convolution adds.</summary>
public enum Padding
{
    /// <summary>None.</summary>
    Valid = 0,

    /// <summary>As much as keeps the size; only for stride 1.</summary>
    Same = 1,
}
