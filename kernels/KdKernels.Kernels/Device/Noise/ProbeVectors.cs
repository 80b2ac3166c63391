using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>x + σ·ε of a vector's pixels.</summary>
public struct AddNoise : IPairMap
{
    public EightFloats Sigma;
    public EightFloats Noise;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Map(float first, float second, int index) => Ptx.MultiplyAdd(Sigma.At(index), Noise.At(index), first);
}

/// <summary>Adds upstream·ε of a vector's pixels to their columns' sums.</summary>
public struct AddProducts : IPairVisitor
{
    public EightFloats Noise;
    public EightFloats Sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        if (index == 0) Sums.Low.A = Ptx.MultiplyAdd(first, Noise.Low.A, Sums.Low.A);
        if (index == 1) Sums.Low.B = Ptx.MultiplyAdd(first, Noise.Low.B, Sums.Low.B);
        if (index == 2) Sums.Low.C = Ptx.MultiplyAdd(first, Noise.Low.C, Sums.Low.C);
        if (index == 3) Sums.Low.D = Ptx.MultiplyAdd(first, Noise.Low.D, Sums.Low.D);
        if (index == 4) Sums.High.A = Ptx.MultiplyAdd(first, Noise.High.A, Sums.High.A);
        if (index == 5) Sums.High.B = Ptx.MultiplyAdd(first, Noise.High.B, Sums.High.B);
        if (index == 6) Sums.High.C = Ptx.MultiplyAdd(first, Noise.High.C, Sums.High.C);
        if (index == 7) Sums.High.D = Ptx.MultiplyAdd(first, Noise.High.D, Sums.High.D);
    }
}

/// <summary>
/// A thread's vectors in a tile: always the same columns, every <see cref="LineLanes"/>-th of the lines, which are the rows of all
/// channels. A vector begins at a multiple of four elements of its copy, so the blocks of the noise lie in it whole.
/// </summary>
public struct VectorWalk<T, TElement>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    /// <summary>Vectors of a row of pixels.</summary>
    public int PerLine;

    /// <summary>Rows of threads.</summary>
    public int LineLanes;

    /// <summary>This thread's row; not below LineLanes: it has nothing to do.</summary>
    public int Lane;

    /// <summary>Its first column.</summary>
    public int Column;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorWalk<T, TElement> Of(int width, int rank, int threads)
    {
        int shift = 4 - default(TElement).SizeShift;
        VectorWalk<T, TElement> walk;
        walk.PerLine = width >> shift;
        walk.LineLanes = Ptx.Pin((int)((uint)threads / (uint)walk.PerLine));
        walk.Lane = Ptx.Pin((int)((uint)rank / (uint)walk.PerLine));
        walk.Column = (rank - (walk.Lane * walk.PerLine)) << shift;
        return walk;
    }

    /// <summary>The noise of the vector at an element of the copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightFloats Noise(in PhiloxKeys keys, in NormalStream stream, long element)
    {
        uint block = (uint)(element >> 2);
        EightFloats noise = default;
        noise.Low = PhiloxNormals.Block(keys, stream, block);
        if (default(TElement).PerVector == 8) noise.High = PhiloxNormals.Block(keys, stream, block + 1u);
        return noise;
    }
}

/// <summary>The line of a thread's vector: an element of the copy, and what it takes to get to the next.</summary>
public struct LineCursor
{
    private readonly int rows;
    private readonly int rowStep;
    private readonly long step;
    private readonly long wrap;
    private int row;

    /// <summary>Element of the copy.</summary>
    public long Element;

    /// <param name="lane">The first line.</param>
    /// <param name="lanes">Lines from one to the next.</param>
    /// <param name="rows">Rows of a channel in the tile.</param>
    /// <param name="start">Element of the tile's row 0, with the thread's column.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="plane">Elements of a channel.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LineCursor(int lane, int lanes, int rows, long start, int width, long plane)
    {
        uint channels = (uint)lanes / (uint)rows;
        uint channel = (uint)lane / (uint)rows;
        this.rows = rows;
        rowStep = Ptx.Pin(lanes - (int)(channels * (uint)rows));
        step = Ptx.PinLong((channels * plane) + ((long)rowStep * width));
        wrap = Ptx.PinLong(plane - ((long)rows * width));
        row = lane - (int)(channel * (uint)rows);
        Element = start + (channel * plane) + ((long)row * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        row += rowStep;
        bool wraps = row >= rows;
        row = wraps ? row - rows : row;
        Element += wraps ? step + wrap : step;
    }
}
