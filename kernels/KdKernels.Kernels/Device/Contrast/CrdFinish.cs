using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>From tiles to anchors, and from anchors to the reduced value; all sums in an order that the shape gives.</summary>
public static class CrdFinish
{
    // Every 32nd anchor shares a counter. The block that is done last with a group of anchors finishes them.
    private const int Groups = 32;

    /// <summary>What is added to s/τ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Offset<T>(in CrdArguments<T> a)
        where T : unmanaged => a.Mode == 0 & a.Normalizer.Length > 0 ? a.Offset - CrdNumbers.Log(a.Normalizer[0]) : a.Offset;

    /// <summary>The sums of the block's warps become those of the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Leave<T, TBody>(in CrdArguments<T> a, int tile, ArrayView<float> gradients, ArrayView<double> sums)
        where T : unmanaged
        where TBody : struct, ICrdBody<T>
    {
        int pitch = default(TBody).Words * 4;
        if (a.PartialGradients.Length > 0)
        {
            var target = a.PartialGradients.SubView((long)tile * a.Dimension);
            for (int d = Group.IdxX; d < a.Dimension; d += 256)
            {
                var column = gradients.SubView(default(TBody).Position(d));
                target[d] = ((column[0] + column[pitch]) + (column[2 * pitch] + column[3 * pitch]))
                    + ((column[4 * pitch] + column[5 * pitch]) + (column[6 * pitch] + column[7 * pitch]));
            }
        }
        if (Group.IdxX != 0) return;
        a.Partials[tile] = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    }

    /// <summary>
    /// If this tile is the last one of its group of anchors: their losses and gradients; and if the group is the last one, the
    /// reduced value. All threads call it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Anchors<T, TElement>(in CrdArguments<T> a, int anchor, ArrayView<int> ticket, ArrayView<double> shared)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int group = anchor & (Groups - 1);
        int members = (a.Source.Anchors + (Groups - 1 - group)) >> 5;
        if (!IsLast(a.Counters, group, members * a.Slices, ticket)) return;
        TElement element = default;
        element.BeginPhase(a.Zero, 4);
        // Two anchors at a time, half of the block to each.
        int half = Group.IdxX >> 7;
        for (int pair = 0; pair < members; pair += 2)
        {
            int member = pair + half;
            bool exists = member < members;
            int index = group + ((exists ? member : pair) << 5);
            if ((Group.IdxX & 127) < 32)
            {
                double weight = OfAnchor<T, TElement>(a, element, index, exists);
                if ((Group.IdxX & 31) == 0) shared[half] = weight;
            }
            Group.Barrier();
            if (exists) Gradient<T, TElement>(a, element, index, (float)shared[half]);
            Group.Barrier();
        }
        Total(a, ticket, shared);
    }

    /// <summary>Without anchors: the sum is 0, and a mean is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Nothing<T>(in CrdArguments<T> a)
        where T : unmanaged
    {
        if (Group.IdxX != 0 | Grid.IdxX != 0) return;
        if (a.Mode != 0) a.Normalizer[0] = double.NaN;
        if (a.Loss.Length > 0 & a.Reduction != 0) a.Loss[0] = a.Reduction == 3 ? float.NaN : 0f;
    }

    /// <summary>Writes an anchor's loss and returns its positive's σ(−a). By one warp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double OfAnchor<T, TElement>(in CrdArguments<T> a, TElement element, int index, bool exists)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int lane = Group.IdxX & 31;
        var own = CrdSources.Own(a.Source, index);
        var row = a.Bank.SubView(own.Row * (long)a.BankStride);
        long start = a.AnchorStrides.Row(RowIndex.Of(index, a.Source.Inner));
        float score = 0f;
        for (int d = lane; d < a.Dimension; d += 32)
            score += element.Load(ref a.Anchors[start + (d * a.AnchorStrides.Element)]) * element.Load(ref row[d]);
        float argument = (WarpReduce.Sum(score, 16) * a.Scale) + Offset(a);
        double sum = 0;
        for (int slice = lane; slice < a.Slices; slice += 32) sum += Ptx.LoadShared(ref a.Partials[((long)index * a.Slices) + slice]);
        sum = WarpReduce.Sum(sum, 16) + own.Poison;
        var term = CrdNumbers.Softplus(-argument);
        double loss = a.Mode == 0 ? sum + term.Loss + a.EpsilonTerm : sum + CrdNumbers.Exponential(argument);
        if (lane == 0 & exists)
        {
            a.AnchorLosses[index] = loss;
            if (a.Reduction == 0 & a.Loss.Length > 0) a.Loss[index] = (float)loss;
        }
        // A NaN among the negatives is one in the whole gradient: an index may have been none.
        return IntrinsicMath.Abs(loss) >= 0.0 ? term.Weight : loss;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gradient<T, TElement>(in CrdArguments<T> a, TElement element, int index, float weight)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        if (a.PartialGradients.Length == 0) return;
        var own = CrdSources.Own(a.Source, index);
        var row = a.Bank.SubView(own.Row * (long)a.BankStride);
        var partials = a.PartialGradients.SubView((long)index * a.Slices * a.Dimension);
        long start = a.GradientStrides.Row(RowIndex.Of(index, a.Source.Inner));
        float upstream = a.Upstream.Length > 0 ? a.Upstream[a.Reduction == 0 ? index : 0] : 1f;
        float factor = upstream * a.Scale / (a.Reduction == 3 ? a.Source.Anchors : 1f);
        for (int d = Group.IdxX & 127; d < a.Dimension; d += 128)
        {
            float sum = 0f;
            for (int slice = 0; slice < a.Slices; slice++) sum += Ptx.LoadShared(ref partials[((long)slice * a.Dimension) + d]);
            float gradient = factor * (sum - (weight * element.Load(ref row[d])));
            element.Store(ref a.Gradient[start + (d * a.GradientStrides.Element)], gradient);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Total<T>(in CrdArguments<T> a, ArrayView<int> ticket, ArrayView<double> shared)
        where T : unmanaged
    {
        bool wanted = a.Mode != 0 | (a.Reduction != 0 & a.Loss.Length > 0);
        if (!wanted) return;
        int groups = IntrinsicMath.Min(a.Source.Anchors, Groups);
        if (!IsLast(a.Counters, Groups, groups, ticket)) return;
        LastBlock.Sum(a.AnchorLosses, a.Source.Anchors, 1, 256, shared);
        if (Group.IdxX != 0) return;
        if (a.Mode != 0)
            a.Normalizer[0] = shared[0] * a.NormalizerFactor;
        else
            a.Loss[0] = (float)(a.Reduction == 3 ? shared[0] / a.Source.Anchors : shared[0]);
    }

    /// <summary>
    /// Whether this is the last of <paramref name="total"/> calls for a counter, which is then 0 again. What the others wrote before
    /// is visible through <see cref="Ptx.LoadShared(ref double)"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsLast(ArrayView<int> counters, int counter, int total, ArrayView<int> shared)
    {
        // The barrier comes first, so that the fence covers what all threads wrote. The compiler moves an atomic down to the first use
        // of its result, which therefore is here, ahead of the second fence.
        Group.Barrier();
        if (Group.IdxX == 0)
        {
            MemoryFence.DeviceLevel();
            shared[0] = Atomic.Add(ref counters[counter], 1);
            MemoryFence.DeviceLevel();
        }
        Group.Barrier();
        bool isLast = shared[0] == total - 1;
        if (isLast & Group.IdxX == 0) Atomic.Exchange(ref counters[counter], 0);
        return isLast;
    }
}
