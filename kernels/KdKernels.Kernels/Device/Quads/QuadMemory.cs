using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Quads;

/// <summary>
/// How the elements of a row fall to the threads of a group: quad i of a thread is four elements of the i-th stretch of
/// 4·Size elements, either neighbours in one access or Size apart in four.
/// </summary>
public interface IQuadMemory<T>
    where T : unmanaged
{
    /// <summary>The first element of a thread in each stretch.</summary>
    int First(int rank);

    /// <summary>From one element of a quad to the next.</summary>
    int Apart(int size);

    /// <summary>The four elements that begin <paramref name="at"/> behind the thread's first.</summary>
    /// <param name="row">The row from the thread's first element on.</param>
    /// <param name="at">A multiple of 4·<paramref name="size"/>.</param>
    /// <param name="left">Elements of the row from the thread's first on; what lies beyond is <paramref name="fill"/>.</param>
    /// <param name="step">From one element of the row to the next in memory.</param>
    /// <param name="size">Threads of the group.</param>
    /// <param name="fill">What elements beyond the row are taken for.</param>
    Quad Load(ArrayView<T> row, int at, int left, long step, int size, float fill);

    /// <summary>Writes those of the four elements that belong to the row.</summary>
    void Store(ArrayView<T> row, int at, int left, long step, int size, Quad value);

    /// <summary>One element.</summary>
    float LoadOne(ref T address);
}

/// <summary>Rows of stride 1 that begin at a multiple of a quad's size and have a multiple of four elements.</summary>
public readonly struct VectorMemory<T, TElement> : IQuadMemory<T>
    where T : unmanaged
    where TElement : struct, IQuadElement<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int First(int rank) => rank * 4;

    public int Apart(int size) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Load(ArrayView<T> row, int at, int left, long step, int size, float fill)
    {
        var quad = Quad.Of(fill);
        if (at < left) quad = default(TElement).LoadQuad(ref row[at]);
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ArrayView<T> row, int at, int left, long step, int size, Quad value)
    {
        if (at < left) default(TElement).StoreQuad(ref row[at], value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float LoadOne(ref T address) => default(TElement).Load(ref address);
}

/// <summary>Rows of any stride, alignment and length, one element at a time; neighbouring threads take neighbours.</summary>
public readonly struct ScalarMemory<T, TElement> : IQuadMemory<T>
    where T : unmanaged
    where TElement : struct, IQuadElement<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int First(int rank) => rank;

    public int Apart(int size) => size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Load(ArrayView<T> row, int at, int left, long step, int size, float fill)
    {
        TElement element = default;
        var quad = Quad.Of(fill);
        if (at < left) quad.X = element.Load(ref row[at * step]);
        if (at + size < left) quad.Y = element.Load(ref row[(at + size) * step]);
        if (at + (2 * size) < left) quad.Z = element.Load(ref row[(at + (2 * size)) * step]);
        if (at + (3 * size) < left) quad.W = element.Load(ref row[(at + (3 * size)) * step]);
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ArrayView<T> row, int at, int left, long step, int size, Quad value)
    {
        TElement element = default;
        if (at < left) element.Store(ref row[at * step], value.X);
        if (at + size < left) element.Store(ref row[(at + size) * step], value.Y);
        if (at + (2 * size) < left) element.Store(ref row[(at + (2 * size)) * step], value.Z);
        if (at + (3 * size) < left) element.Store(ref row[(at + (3 * size)) * step], value.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float LoadOne(ref T address) => default(TElement).Load(ref address);
}
