namespace KdKernels.Core;

/// <summary>Two layers on a GPU, and how the kernels may read them.</summary>
internal readonly record struct FspLayers(MapView First, MapView Second)
{
    // The kernels compute windows in 32 bits.
    private const int LargestPooledSide = 1 << 15;

    /// <summary>After pooling.</summary>
    public int Height => Math.Min(First.Height, Second.Height);

    public int Width => Math.Min(First.Width, Second.Width);

    public int Pixels => Height * Width;

    /// <summary>One layer with itself.</summary>
    public bool IsSymmetric => First == Second;

    /// <summary>Nothing is pooled, and both are planes of pixels in whole vectors.</summary>
    public bool ArePlanes => !IsPooled(First) && !IsPooled(Second) && IsPlanes(First.Rows) && IsPlanes(Second.Rows);

    public bool IsPooled(MapView map) => !map.HasSize(Height, Width);

    /// <summary>Checks what only CUDA needs.</summary>
    public void Check(string first, string second)
    {
        Check(First, first);
        Check(Second, second);
    }

    /// <summary>Planes of pixels side by side, each a whole number of 16 bytes at a multiple of 16.</summary>
    public static bool IsPlanes(RowsView view)
    {
        const long mask = 15;
        long size = view.ElementType.Bytes();
        return view.InnerStride == 1
            && (view.Data & mask) == 0
            && (view.Inner * size & mask) == 0
            && (view.Length == 1 || (view.ElementStride * size & mask) == 0)
            && (view.Outer == 1 || (view.OuterStride * size & mask) == 0);
    }

    private void Check(MapView map, string name)
    {
        CudaGuard.IsRows(map.Rows, name);
        if (IsPooled(map) && Math.Max(map.Height, map.Width) > LargestPooledSide)
        {
            throw new ArgumentException(
                $"expected a height and a width of at most {LargestPooledSide} where a map is pooled on CUDA but got "
                + $"{map.Height} x {map.Width}",
                name);
        }
    }
}
