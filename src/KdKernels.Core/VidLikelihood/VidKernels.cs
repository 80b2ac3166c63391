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
    /// A column of up to a vector's width of channels through a few rows: returns Σ g(μ − t)² per channel and writes
    /// g·(μ − t)·scale. Reads two vectors and writes one per row.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector Column(in VidRowBlock<TElement> block, long channel, int lanes, TVector scale)
    {
        TVector zero = TVector.Broadcast(0), sum = zero;
        bool full = lanes == TVector.Width;
        for (int row = 0; row < block.Count; row++)
        {
            TElement* mean = block.Means[row] + channel, teacher = block.Teachers[row] + channel;
            TVector d = full
                ? TVector.Load(mean) - TVector.Load(teacher)
                : TVector.LoadPartial(mean, lanes, zero) - TVector.LoadPartial(teacher, lanes, zero);
            TVector weighted = block.Upstream is null ? d : d * TVector.Broadcast(block.Upstream[row]);
            sum = TVector.Fma(weighted, d, sum);
            if (block.Gradients is null) continue;
            TElement* gradient = block.Gradients[row] + channel;
            if (full)
                TVector.Store(gradient, weighted * scale);
            else
                TVector.StorePartial(gradient, lanes, weighted * scale);
        }

        return sum;
    }
}

/// <summary>Where the channels of a few rows lie side by side.</summary>
internal unsafe struct VidRowBlock<TElement>
    where TElement : unmanaged
{
    public TElement** Means;
    public TElement** Teachers;

    /// <summary>Null where no gradient is wanted.</summary>
    public TElement** Gradients;

    /// <summary>The rows' upstream gradients; null where they share one.</summary>
    public double* Upstream;
    public int Count;
}
