using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>
/// Settings of the CPU implementations. Neither changes a result's meaning; threads do not even change its bits.
/// </summary>
public static class KdCpu
{
    private static int threads = Environment.ProcessorCount;

    /// <summary>How many threads an op may use, the caller included. Default: the number of processors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public static int Threads
    {
        get => threads;
        set => threads = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, $"expected at least 1 thread but got {value}");
    }

    /// <summary>
    /// The vector width in use: the widest that the processor has, unless a test forces a narrower one.
    /// </summary>
    internal static VectorWidth Width { get; set; } = WidestWidth;

    internal static VectorWidth WidestWidth =>
        Avx512F.IsSupported ? VectorWidth.Bits512
        : Avx2.IsSupported && Fma.IsSupported ? VectorWidth.Bits256
        : VectorWidth.Scalar;
}

internal enum VectorWidth
{
    Scalar,
    Bits256,
    Bits512,
}
