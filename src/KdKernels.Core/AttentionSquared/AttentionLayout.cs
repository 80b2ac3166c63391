using System.Numerics;

namespace KdKernels.Core;

/// <summary>Which kernel can walk the features of a call.</summary>
internal static class AttentionLayout
{
    private const int VectorBytes = 16;

    public static string KindOf(AttentionCall call)
    {
        MapView[] maps = call.Teacher is { } teacher ? [call.Student, teacher] : [call.Student];
        if (maps.Any(map => !map.HasSize(call.Height, call.Width))) return KernelKind.General;
        RowsView[] rows = [.. maps.Select(map => map.Rows), .. call.Gradient is { } gradient ? [gradient] : Array.Empty<RowsView>()];
        if (rows.All(HasPixels)) return KernelKind.Pixels;
        return rows.All(HasPlanes) ? KernelKind.Planes : KernelKind.General;
    }

    /// <summary>Elements in a vector.</summary>
    public static int VectorOf(RowsView rows) => VectorBytes / rows.ElementType.Bytes();

    // One pixel or one channel is both; then the longer run wins.
    private static bool HasPixels(RowsView rows) =>
        rows.ElementStride == 1
        && rows.Length > 1
        && rows.Length % VectorOf(rows) == 0
        && IsWhole(rows, rows.Inner, rows.InnerStride)
        && IsWhole(rows, rows.Outer, rows.OuterStride)
        && rows.Data % VectorBytes == 0;

    // A sample in one piece. Its vectors must show the same pixels again after no more than a thread for each column.
    private static bool HasPlanes(RowsView rows)
    {
        int vector = VectorOf(rows);
        bool repeats = rows.Inner % vector == 0
            || rows.Inner / (long)BigInteger.GreatestCommonDivisor(rows.Inner, vector) <= AttentionCut.Threads;
        return (rows.InnerStride == 1 || rows.Inner == 1)
            && (rows.ElementStride == rows.Inner || rows.Length == 1)
            && rows.Inner * rows.Length % vector == 0
            && repeats
            && IsWhole(rows, rows.Outer, rows.OuterStride)
            && rows.Data % VectorBytes == 0;
    }

    private static bool IsWhole(RowsView rows, long count, long stride) => count <= 1 || stride % VectorOf(rows) == 0;
}
