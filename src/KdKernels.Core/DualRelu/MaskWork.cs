using System.Runtime.CompilerServices;

namespace KdKernels.Core;

internal static class MaskPiece
{
    // Half of a 32 KiB first-level cache in double.
    public const long Length = 2048;
}

/// <summary>Masks every block of a stack by the first block of the primals. Reads the primal once and each block once.</summary>
internal sealed unsafe class MaskWork<TVector, TElement>(RowsView primals, RowsView values, RowsView target) : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly ChunkPlan plan = DualReluCpu.PlanOf(values);

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        var constant = (TElement*)Scratch.Get(ScratchUse.Kernel, MaskPiece.Length * sizeof(TElement));
        for (long piece = first; piece < end; piece++)
        {
            long at = piece * MaskPiece.Length, count = Math.Min(MaskPiece.Length, values.Length - at);
            TElement* x = (TElement*)primals.Data + at;
            RowsView part = values with
            {
                Data = values.Data + (nint)(at * values.ElementStride * sizeof(TElement)),
                Length = count,
            };
            for (long block = 0; block < values.Outer; block++)
            {
                TElement* v = RowBuffers<TElement>.Input(part, block, constant);
                Mask(x, v, (TElement*)target.Data + (block * target.OuterStride) + at, count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mask(TElement* x, TElement* v, TElement* y, long count)
    {
        TVector zero = TVector.Broadcast(0);
        long i = 0;
        for (; i <= count - TVector.Width; i += TVector.Width)
            TVector.Store(y + i, At(TVector.Load(x + i), TVector.Load(v + i)));
        if (i == count) return;
        int lanes = (int)(count - i);
        TVector last = At(TVector.LoadPartial(x + i, lanes, zero), TVector.LoadPartial(v + i, lanes, zero));
        TVector.StorePartial(y + i, lanes, last);

        // x == x is false for a NaN alone, which then takes the place of the value.
        TVector At(TVector primal, TVector value) => TVector.SelectGreater(
            primal, zero, value, TVector.SelectEqual(primal, primal, zero, primal));
    }
}
