using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>A tile of tangents (or of their upstream gradients, or of results) of one row, as one thread sees it.</summary>
public struct JvpTile<T>
    where T : unmanaged
{
    /// <summary>The first tangent from this thread's first element on.</summary>
    public ArrayView<T> Rows;

    /// <summary>From one tangent to the next in memory.</summary>
    public long Stride;

    /// <summary>From one element to the next in memory.</summary>
    public long Step;

    /// <summary>Tangents that there are.</summary>
    public int Count;

    /// <summary>Elements of a row from this thread's first on.</summary>
    public int Left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpTile<T> Of<TMemory>(
        ArrayView<T> all, RowStrides strides, long row, int first, int count, int rank, int classes)
        where TMemory : struct, IQuadMemory<T>
    {
        JvpTile<T> tile;
        int start = default(TMemory).First(rank);
        tile.Rows = all.SubView((row * strides.Outer) + (first * strides.Inner) + (start * strides.Element));
        tile.Stride = strides.Inner;
        tile.Step = strides.Element;
        tile.Count = count;
        tile.Left = classes - start;
        return tile;
    }

    /// <summary>Elements of tangent j; <paramref name="j"/> is a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load<TMemory>(int j, int at, int size)
        where TMemory : struct, IQuadMemory<T> =>
        default(TMemory).Load(Rows.SubView(j * Stride), at, j < Count ? Left : 0, Step, size, 0f);

    /// <summary>Writes elements of tangent j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store<TMemory>(int j, int at, int size, Quad value)
        where TMemory : struct, IQuadMemory<T> =>
        default(TMemory).Store(Rows.SubView(j * Stride), at, j < Count ? Left : 0, Step, size, value);

    /// <summary>The tangents' values at one class, for <see cref="First"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpTile<T> AtClass(ArrayView<T> all, RowStrides strides, long row, int first, int count, int at)
    {
        JvpTile<T> tile;
        tile.Rows = all.SubView((row * strides.Outer) + (first * strides.Inner) + (at * strides.Element));
        tile.Stride = strides.Inner;
        tile.Step = strides.Element;
        tile.Count = count;
        tile.Left = 1;
        return tile;
    }

    /// <summary>The first element of up to <paramref name="most"/> tangents; 0 beyond the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad First<TMemory>(int most)
        where TMemory : struct, IQuadMemory<T>
    {
        TMemory memory = default;
        var quad = Quad.Of(0f);
        if (most > 0 & 0 < Count) quad.X = memory.LoadOne(ref Rows[0]);
        if (most > 1 & 1 < Count) quad.Y = memory.LoadOne(ref Rows[Stride]);
        if (most > 2 & 2 < Count) quad.Z = memory.LoadOne(ref Rows[2 * Stride]);
        if (most > 3 & 3 < Count) quad.W = memory.LoadOne(ref Rows[3 * Stride]);
        return quad;
    }

    /// <summary>
    /// Goes on by so many tangents. A place that is carried from tile to tile costs an addition; one that is computed anew would
    /// cost the products of its strides, which the compiler moves into the loop.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int tangents)
    {
        Rows = Rows.SubView(tangents * Stride);
        Count -= tangents;
    }
}

/// <summary>The tiles that backward goes through together.</summary>
public struct JvpBackwardTiles<T>
    where T : unmanaged
{
    public JvpTile<T> Tangents;
    public JvpTile<T> Upstream;
    public JvpTile<T> Results;
    private JvpTile<T> tangentOrigins;
    private JvpTile<T> upstreamOrigins;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpBackwardTiles<T> Of<TMemory>(in JvpArguments<T> a, JvpUnit unit, int top, int rank)
        where TMemory : struct, IQuadMemory<T>
    {
        int count = unit.End - unit.First;
        JvpBackwardTiles<T> tiles;
        tiles.Tangents = JvpTile<T>.Of<TMemory>(a.Tangents, a.TangentsStrides, unit.Row, unit.First, count, rank, a.Classes);
        tiles.Upstream = JvpTile<T>.Of<TMemory>(a.Upstream, a.UpstreamStrides, unit.Row, unit.First, count, rank, a.Classes);
        tiles.Results = JvpTile<T>.Of<TMemory>(a.Result, a.ResultStrides, unit.Row, unit.First, count, rank, a.Classes);
        tiles.tangentOrigins = JvpTile<T>.AtClass(a.Tangents, a.TangentsStrides, unit.Row, unit.First, count, top);
        // The upstream gradients of log-softmax are summed as they are.
        tiles.upstreamOrigins = JvpTile<T>.AtClass(
            a.Upstream, a.UpstreamStrides, unit.Row, unit.First, a.Form == 1 ? 0 : count, top);
        return tiles;
    }

    /// <summary>What upstream gradients (X, Y) and tangents (Z, W) of a tile are measured from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Origin<TMemory>(int most)
        where TMemory : struct, IQuadMemory<T>
    {
        Quad origin = upstreamOrigins.First<TMemory>(most);
        Quad ofTangents = tangentOrigins.First<TMemory>(most);
        origin.Z = ofTangents.X;
        origin.W = ofTangents.Y;
        return origin;
    }

    /// <summary>Goes on by so many tangents.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int tangents)
    {
        Tangents.Advance(tangents);
        Upstream.Advance(tangents);
        Results.Advance(tangents);
        tangentOrigins.Advance(tangents);
        upstreamOrigins.Advance(tangents);
    }
}
