using KdKernels.Core;

namespace KdKernels;

/// <summary>The windows of a pooling, as torch's max_pool2d takes them; one number stands for rows and columns.</summary>
/// <param name="Kernel">Size of a window: <c>[k]</c> or <c>[kh, kw]</c>.</param>
public sealed record DualMaxPoolOptions(params long[] Kernel)
{
    /// <summary>From one window to the next; null for the kernel's size.</summary>
    public long[]? Stride { get; init; }

    /// <summary>−∞ on every side, at most half of the kernel; null for none.</summary>
    public long[]? Padding { get; init; }

    /// <summary>From one element of a window to the next; null for 1.</summary>
    public long[]? Dilation { get; init; }

    /// <summary>Whether a last, partial window counts.</summary>
    public bool CeilMode { get; init; }

    internal DualMaxPoolSettings ToSettings(long height, long width) => new(
        new PoolSize(checked((int)height), checked((int)width)),
        Size(Kernel, nameof(Kernel)),
        Size(Stride ?? Kernel, nameof(Stride)),
        Size(Padding ?? [0], nameof(Padding)),
        Size(Dilation ?? [1], nameof(Dilation)),
        CeilMode);

    private static PoolSize Size(long[] numbers, string name) => numbers.Length is 1 or 2
        ? new PoolSize(checked((int)numbers[0]), checked((int)numbers[^1]))
        : throw new ArgumentException($"expected one number or two, for rows and columns, but got {numbers.Length}", name);
}
