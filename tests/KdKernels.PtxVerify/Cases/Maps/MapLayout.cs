namespace KdKernels.PtxVerify.Cases;

/// <summary>How features lie in memory.</summary>
internal enum MapLayout
{
    /// <summary>[B, C, H, W].</summary>
    Planes,

    /// <summary>[B, H, W, C].</summary>
    Pixels,

    /// <summary>[B, C, H, W], samples apart.</summary>
    PlanesApart,

    /// <summary>[B, H, W, C], a part of the channels of a wider tensor.</summary>
    PixelsApart,

    /// <summary>[B, C, H, W], an element off a multiple of 16 bytes.</summary>
    Misaligned,

    /// <summary>[B, C, H, W], the channels backwards.</summary>
    Reversed,

    /// <summary>The student [B, C, H, W], the teacher [B, H, W, C].</summary>
    Mixed,
}
