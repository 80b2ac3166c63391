using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>Moves rows of a bank towards new embeddings.</summary>
public static class CrdUpdates
{
    private const double SmallestNorm = 1e-12;

    /// <summary>
    /// A warp for each embedding. The first one of a row's moves it for all that follow, one after the other in their order; so a
    /// row has one warp.
    /// </summary>
    public static void Warps<T, TElement, TCell>(CrdUpdateArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TCell : struct, ICrdCell<T>
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        int step = Grid.DimX << 3;
        for (int i = (Grid.IdxX << 3) + (Group.IdxX >> 5); i < a.Count; i += step)
        {
            long row = a.Rows[i];
            bool exists = row >= 0 & row < a.BankRows;
            int next = exists ? Next(a, row, 0, a.Count) : a.Count;
            if (next < i) next = a.Count;
            while (next < a.Count)
            {
                Move<T, TElement, TCell>(a, element, row, next);
                next = Next(a, row, next + 1, a.Count);
            }
        }
    }

    /// <summary>The first embedding of a row from a place on; <paramref name="end"/> where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Next<T>(in CrdUpdateArguments<T> a, long row, int start, int end)
        where T : unmanaged
    {
        int found = end;
        int first = start;
        while (first < end)
        {
            int i = first + (Group.IdxX & 31);
            long other = a.Rows[i < end ? i : first];
            found = WarpReduce.Min(i < end & other == row ? i : end, 16);
            first = found < end ? end : first + 32;
        }
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Move<T, TElement, TCell>(in CrdUpdateArguments<T> a, TElement element, long row, int embedding)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TCell : struct, ICrdCell<T>
    {
        // A lane reads and writes elements of its own, so that it sees what it wrote for the embedding before.
        var target = a.Bank.SubView(row * a.BankStride);
        long source = a.EmbeddingStrides.Row(RowIndex.Of(embedding, a.Inner));
        int lane = Group.IdxX & 31;
        double squares = 0;
        for (int d = lane; d < a.Dimension; d += 32)
        {
            double moved = Moved<T, TElement, TCell>(a, element, ref target[d], source, d);
            squares += moved * moved;
        }
        double norm = Ptx.SquareRoot(WarpReduce.Sum(squares, 16));
        // Not the largest of two, in which NaN would be lost.
        double inverse = 1.0 / (norm < SmallestNorm ? SmallestNorm : norm);
        for (int d = lane; d < a.Dimension; d += 32)
        {
            double moved = Moved<T, TElement, TCell>(a, element, ref target[d], source, d);
            element.Store(ref target[d], (float)(moved * inverse));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Moved<T, TElement, TCell>(in CrdUpdateArguments<T> a, TElement element, ref T target, long source, int d)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TCell : struct, ICrdCell<T>
    {
        float v = element.Load(ref a.Embeddings[source + (d * a.EmbeddingStrides.Element)]);
        return (a.Momentum * default(TCell).Read(ref target)) + ((1.0 - a.Momentum) * v);
    }
}
