namespace KdKernels.Core;

/// <summary>How much memory a thread needs for a sample of some pairs of layers: the most that any of them needs.</summary>
internal record struct FspSizes(
    long Features1, long Features2, long Gradient, long Plane, long Weights, long Panel, long Positions1, long Positions2)
{
    public void Include<TVector, TElement>(FspPair<TVector, TElement> pair)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        (FspMaps<TElement> maps1, FspMaps<TElement> maps2) = (pair.Maps1, pair.Maps2);
        int channels = Math.Max(pair.Channels1, pair.Channels2);
        Features1 = Math.Max(Features1, maps1.BufferLength);
        Features2 = Math.Max(Features2, maps2.BufferLength);
        Gradient = Math.Max(Gradient, Math.Max(maps1.BufferLength, maps2.BufferLength));
        Plane = Math.Max(Plane, Math.Max(maps1.PlaneLength, maps2.PlaneLength));
        Weights = Math.Max(Weights, (long)pair.Channels1 * pair.Channels2);
        long panel = FspProducts<TVector, TElement>.ScratchLength(channels);
        Panel = Math.Max(Panel, Math.Max(panel, FspProducts<TVector, TElement>.PixelScratchLength));
        Positions1 = Math.Max(Positions1, maps1.PositionCount);
        Positions2 = Math.Max(Positions2, maps2.PositionCount);
    }
}

/// <summary>This thread's memory for a sample.</summary>
internal readonly unsafe struct FspBuffers<TElement>
    where TElement : unmanaged
{
    // Every part begins on a line of its own.
    private const long Line = 64;

    /// <param name="sizes">What the pairs need.</param>
    /// <param name="products">Doubles for matrices, beside the pairs' own.</param>
    public FspBuffers(in FspSizes sizes, long products)
    {
        long elements = Rounded(sizes.Features1 * sizeof(TElement)) + Rounded(sizes.Features2 * sizeof(TElement))
            + Rounded(sizes.Gradient * sizeof(TElement)) + Rounded(sizes.Weights * sizeof(TElement))
            + Rounded(sizes.Panel * sizeof(TElement));
        long bytes = elements + Rounded(products * sizeof(double)) + Rounded(sizes.Plane * sizeof(double))
            + Rounded(sizes.Positions1 * sizeof(int)) + Rounded(sizes.Positions2 * sizeof(int));
        byte* at = Scratch.Get(ScratchUse.Kernel, bytes);
        Products = (double*)Take(ref at, products * sizeof(double));
        Plane = (double*)Take(ref at, sizes.Plane * sizeof(double));
        Weights = (TElement*)Take(ref at, sizes.Weights * sizeof(TElement));
        Panel = (TElement*)Take(ref at, sizes.Panel * sizeof(TElement));
        Positions1 = (int*)Take(ref at, sizes.Positions1 * sizeof(int));
        Positions2 = (int*)Take(ref at, sizes.Positions2 * sizeof(int));
        Features1 = (TElement*)Take(ref at, sizes.Features1 * sizeof(TElement));
        Features2 = (TElement*)Take(ref at, sizes.Features2 * sizeof(TElement));
        Gradient = (TElement*)Take(ref at, sizes.Gradient * sizeof(TElement));
    }

    public double* Products { get; }

    public double* Plane { get; }

    public TElement* Weights { get; }

    public TElement* Panel { get; }

    public int* Positions1 { get; }

    public int* Positions2 { get; }

    public TElement* Features1 { get; }

    public TElement* Features2 { get; }

    public TElement* Gradient { get; }

    private static byte* Take(ref byte* at, long bytes)
    {
        byte* part = at;
        at += Rounded(bytes);
        return part;
    }

    private static long Rounded(long bytes) => (bytes + Line - 1) & ~(Line - 1);
}
