using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>A unit of work: some tangents of one row.</summary>
public struct JvpUnit
{
    public long Row;

    /// <summary>The first tangent.</summary>
    public int First;

    /// <summary>Behind the last one.</summary>
    public int End;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpUnit Of(long unit, int chunks, int chunk, int count)
    {
        var index = RowIndex.Of(unit, chunks);
        JvpUnit result;
        result.Row = index.Outer;
        result.First = (int)index.Inner * chunk;
        result.End = result.First + chunk < count ? result.First + chunk : count;
        return result;
    }
}
