using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Passes over a piece of a row pair.</summary>
internal static unsafe class MatchKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Sums over lanes go to double after so many elements: a multiple of two vectors of any width.
    private const long BlockSize = 2048;

    /// <summary>‖s‖² and ‖t‖². Reads two vectors per step, one multiplication each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Student, double Teacher) Norms(TElement* s, TElement* t, long count)
    {
        TVector zero = TVector.Broadcast(0);
        double student = 0, teacher = 0;
        long i = 0, pairs = count - (count % (2 * TVector.Width));
        while (i < pairs)
        {
            // Two sums of each, so that one addition need not wait for the one before.
            TVector s0 = zero, s1 = zero, t0 = zero, t1 = zero;
            for (long end = Math.Min(pairs, i + BlockSize); i < end; i += 2 * TVector.Width)
            {
                TVector a = TVector.Load(s + i), b = TVector.Load(s + i + TVector.Width);
                TVector c = TVector.Load(t + i), d = TVector.Load(t + i + TVector.Width);
                s0 = TVector.Fma(a, a, s0);
                s1 = TVector.Fma(b, b, s1);
                t0 = TVector.Fma(c, c, t0);
                t1 = TVector.Fma(d, d, t1);
            }

            student += TVector.Sum(s0 + s1);
            teacher += TVector.Sum(t0 + t1);
        }

        for (; i < count; i += TVector.Width)
        {
            int lanes = (int)Math.Min(TVector.Width, count - i);
            TVector a = TVector.LoadPartial(s + i, lanes, zero), c = TVector.LoadPartial(t + i, lanes, zero);
            student += TVector.Sum(a * a);
            teacher += TVector.Sum(c * c);
        }

        return (student, teacher);
    }

    /// <summary>‖e‖² and ⟨e, s + ρt⟩ of e = s − ρt. Reads two vectors per step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Difference, double Excess) Differences(TElement* s, TElement* t, long count, double ratio)
    {
        TVector zero = TVector.Broadcast(0), rho = TVector.Broadcast(ratio);
        double difference = 0, excess = 0;
        long i = 0, pairs = count - (count % (2 * TVector.Width));
        while (i < pairs)
        {
            TVector d0 = zero, d1 = zero, x0 = zero, x1 = zero;
            for (long end = Math.Min(pairs, i + BlockSize); i < end; i += 2 * TVector.Width)
            {
                TVector a = TVector.Load(s + i), b = TVector.Load(s + i + TVector.Width);
                TVector c = TVector.Load(t + i), d = TVector.Load(t + i + TVector.Width);
                TVector e0 = TVector.Fnma(rho, c, a), e1 = TVector.Fnma(rho, d, b);
                d0 = TVector.Fma(e0, e0, d0);
                d1 = TVector.Fma(e1, e1, d1);
                x0 = TVector.Fma(e0, TVector.Fma(rho, c, a), x0);
                x1 = TVector.Fma(e1, TVector.Fma(rho, d, b), x1);
            }

            difference += TVector.Sum(d0 + d1);
            excess += TVector.Sum(x0 + x1);
        }

        for (; i < count; i += TVector.Width)
        {
            int lanes = (int)Math.Min(TVector.Width, count - i);
            TVector a = TVector.LoadPartial(s + i, lanes, zero), c = TVector.LoadPartial(t + i, lanes, zero);
            TVector e = TVector.Fnma(rho, c, a);
            difference += TVector.Sum(e * e);
            excess += TVector.Sum(e * TVector.Fma(rho, c, a));
        }

        return (difference, excess);
    }

    /// <summary>Writes <c>(s − ρt − Δt − κs)·factor</c>. Reads two vectors and writes one per step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(
        TElement* s, TElement* t, TElement* gradient, long count, in MatchRow row, double factor)
    {
        TVector rho = TVector.Broadcast(row.Ratio), delta = TVector.Broadcast(row.Correction);
        TVector kappa = TVector.Broadcast(row.Radial), scale = TVector.Broadcast(factor);
        long i = 0;
        for (; i <= count - TVector.Width; i += TVector.Width)
            TVector.Store(gradient + i, At(TVector.Load(s + i), TVector.Load(t + i)));
        if (i == count) return;
        int lanes = (int)(count - i);
        TVector last = At(TVector.LoadPartial(s + i, lanes, scale), TVector.LoadPartial(t + i, lanes, scale));
        TVector.StorePartial(gradient + i, lanes, last);

        TVector At(TVector a, TVector c) =>
            scale * TVector.Fnma(kappa, a, TVector.Fnma(delta, c, TVector.Fnma(rho, c, a)));
    }
}
