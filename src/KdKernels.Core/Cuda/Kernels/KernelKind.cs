namespace KdKernels.Core;

/// <summary>
/// What a kernel can be given, and how its grid is cut. An op whose kernels are of no such kind has words of its own in
/// its launcher.
/// </summary>
internal static class KernelKind
{
    /// <summary>A warp per row.</summary>
    public const string Warp = "warp";

    /// <summary>A block per row, which it keeps on chip.</summary>
    public const string Block = "block";

    /// <summary>A block per row that is read a second time, out of the L2 cache.</summary>
    public const string Stream = "stream";

    /// <summary>Several blocks per row.</summary>
    public const string Split = "split";

    /// <summary>A thread per row, where neighbouring rows are neighbours in memory: <c>[N, C, H, W]</c>.</summary>
    public const string Pixels = "pixels";

    /// <summary>Feature maps whose channels are planes of pixels, <c>[B, C, H, W]</c>, in vectors of pixels.</summary>
    public const string Planes = "planes";

    /// <summary>A block per row of any strides.</summary>
    public const string General = "general";

    /// <summary>Elements by themselves, dense, in vectors.</summary>
    public const string Flat = "flat";

    /// <summary>Counts labels.</summary>
    public const string Count = "count";
}
