using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device;

/// <summary>Where element c of row (o, i) lies, in elements.</summary>
public struct RowStrides
{
    public long Outer;
    public long Inner;
    public long Element;

    /// <summary>Offset of the first element of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long Row(long outer, long inner) => (outer * Outer) + (inner * Inner);
}
