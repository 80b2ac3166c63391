using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Noisy;

/// <summary>One row of an operand, four neighbouring classes at a time.</summary>
/// <typeparam name="T">The storage.</typeparam>
/// <typeparam name="TElement">The element type.</typeparam>
/// <typeparam name="TVectors">On: every four of the row are one access; off: up to four, by the row's stride.</typeparam>
public readonly struct NoisyMemory<T, TElement, TVectors>
    where T : unmanaged
    where TElement : struct, IQuadElement<T>
    where TVectors : struct, IFlag
{
    private readonly ArrayView<T> row;
    private readonly long step;

    /// <param name="operand">Not wanted where it has no elements.</param>
    /// <param name="strides">Its strides.</param>
    /// <param name="index">The row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NoisyMemory(ArrayView<T> operand, RowStrides strides, RowIndex index)
    {
        IsWanted = operand.Length > 0;
        // Unless it is pinned, ILGPU makes the offset anew for each four classes, a 64-bit division included.
        row = operand.SubView(Ptx.PinLong(IsWanted ? strides.Row(index) : 0));
        step = strides.Element;
    }

    public bool IsWanted { get; }

    /// <summary>Classes from <paramref name="c"/>, a multiple of 4, on; 0 from <paramref name="end"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Load(int c, int end)
    {
        TElement element = default;
        if (default(TVectors).Value) return element.LoadQuad(ref row[c]);
        long at = c * step;
        var quad = Quad.Of(0f);
        quad.X = element.Load(ref row[at]);
        if (c + 1 < end) quad.Y = element.Load(ref row[at + step]);
        if (c + 2 < end) quad.Z = element.Load(ref row[at + (2 * step)]);
        if (c + 3 < end) quad.W = element.Load(ref row[at + (3 * step)]);
        return quad;
    }

    /// <summary>Writes those of them that lie before <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int c, int end, Quad value)
    {
        TElement element = default;
        if (default(TVectors).Value)
        {
            element.StoreQuad(ref row[c], value);
            return;
        }
        long at = c * step;
        element.Store(ref row[at], value.X);
        if (c + 1 < end) element.Store(ref row[at + step], value.Y);
        if (c + 2 < end) element.Store(ref row[at + (2 * step)], value.Z);
        if (c + 3 < end) element.Store(ref row[at + (3 * step)], value.W);
    }
}
