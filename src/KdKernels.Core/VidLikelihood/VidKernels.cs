using System.Runtime.CompilerServices;

namespace KdKernels.Core;

internal static unsafe class VidKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>
    /// Elements of one channel side by side: returns Σ(μ − t)² and writes (μ − t)·scale where a gradient is wanted.
    /// Reads two vectors and writes one per step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static double Plane(TElement* mean, TElement* teacher, long count, TVector scale, TElement* gradient)
    {
        TVector zero = TVector.Broadcast(0);
        TVector a = zero, b = zero, c = zero, d = zero;
        long i = 0;
        int width = TVector.Width;
        for (; i + (4 * width) <= count; i += 4 * width)
        {
            // Four sums: one alone would wait for its own last addition.
            TVector da = TVector.Load(mean + i) - TVector.Load(teacher + i);
            TVector db = TVector.Load(mean + i + width) - TVector.Load(teacher + i + width);
            TVector dc = TVector.Load(mean + i + (2 * width)) - TVector.Load(teacher + i + (2 * width));
            TVector dd = TVector.Load(mean + i + (3 * width)) - TVector.Load(teacher + i + (3 * width));
            a = TVector.Fma(da, da, a);
            b = TVector.Fma(db, db, b);
            c = TVector.Fma(dc, dc, c);
            d = TVector.Fma(dd, dd, d);
            if (gradient is null) continue;
            TVector.Store(gradient + i, da * scale);
            TVector.Store(gradient + i + width, db * scale);
            TVector.Store(gradient + i + (2 * width), dc * scale);
            TVector.Store(gradient + i + (3 * width), dd * scale);
        }

        for (; i < count; i += width)
        {
            int lanes = (int)Math.Min(width, count - i);
            TVector da = TVector.LoadPartial(mean + i, lanes, zero) - TVector.LoadPartial(teacher + i, lanes, zero);
            a = TVector.Fma(da, da, a);
            if (gradient is not null) TVector.StorePartial(gradient + i, lanes, da * scale);
        }

        return TVector.Sum((a + b) + (c + d));
    }

    /// <summary>
    /// The same where every row has an upstream gradient: returns Σ g(μ − t)² and writes g·(μ − t)·scale. Reads three
    /// vectors and writes one per step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static double WeightedPlane(
        TElement* mean, TElement* teacher, TElement* upstream, long count, TVector scale, TElement* gradient)
    {
        TVector zero = TVector.Broadcast(0), sum = zero;
        for (long i = 0; i < count; i += TVector.Width)
        {
            int lanes = (int)Math.Min(TVector.Width, count - i);
            TVector d = TVector.LoadPartial(mean + i, lanes, zero) - TVector.LoadPartial(teacher + i, lanes, zero);
            TVector weighted = TVector.LoadPartial(upstream + i, lanes, zero) * d;
            sum = TVector.Fma(weighted, d, sum);
            if (gradient is not null) TVector.StorePartial(gradient + i, lanes, weighted * scale);
        }

        return TVector.Sum(sum);
    }

    /// <summary>
    /// A row whose channels lie side by side: adds g(μ − t)² to each channel's square and writes g·(μ − t)·factor where a
    /// gradient is wanted. Reads two vectors from memory, two that stay in the first-level cache, and writes one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Row(
        TElement* mean,
        TElement* teacher,
        TElement* factors,
        TElement* squares,
        long channels,
        TVector upstream,
        TElement* gradient)
    {
        TVector zero = TVector.Broadcast(0);
        int width = TVector.Width;
        long c = 0;
        for (; c + width <= channels; c += width)
        {
            TVector d = TVector.Load(mean + c) - TVector.Load(teacher + c), weighted = d * upstream;
            TVector.Store(squares + c, TVector.Fma(weighted, d, TVector.Load(squares + c)));
            if (gradient is not null) TVector.Store(gradient + c, weighted * TVector.Load(factors + c));
        }

        if (c == channels) return;
        int lanes = (int)(channels - c);
        TVector last = TVector.LoadPartial(mean + c, lanes, zero) - TVector.LoadPartial(teacher + c, lanes, zero);
        TVector weightedLast = last * upstream;
        TVector sum = TVector.Fma(weightedLast, last, TVector.LoadPartial(squares + c, lanes, zero));
        TVector.StorePartial(squares + c, lanes, sum);
        if (gradient is null) return;
        TVector factor = TVector.LoadPartial(factors + c, lanes, zero);
        TVector.StorePartial(gradient + c, lanes, weightedLast * factor);
    }
}
