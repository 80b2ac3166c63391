namespace KdKernels.Core;

/// <summary>Memory that kernels take four elements at a time: 16 bytes of Float32, 8 of a 16-bit type.</summary>
internal static class QuadLayout
{
    public const int Elements = 4;

    /// <summary>Whether every row of every operand is a whole number of quads, each at a multiple of its size.</summary>
    public static bool IsWhole(params ReadOnlySpan<RowsView> operands)
    {
        foreach (RowsView view in operands)
        {
            if (view.Rows == 0) continue;
            bool whole = (view.Length == 1 || view.ElementStride == 1)
                && view.Length % Elements == 0
                && view.Data % (Elements * view.ElementType.Bytes()) == 0
                && (view.Outer == 1 || view.OuterStride % Elements == 0)
                && (view.Inner == 1 || view.InnerStride % Elements == 0);
            if (!whole) return false;
        }

        return true;
    }
}
