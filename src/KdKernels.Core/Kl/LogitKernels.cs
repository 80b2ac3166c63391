using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// Kernels over one tensor of logits: its largest element, Σe^(s − largest), the first position of a value.
/// </summary>
internal static unsafe class LogitKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>The largest element per lane; NaN elements are passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector Largest(in Walk<TElement> walk)
    {
        TVector none = TVector.Broadcast(double.NegativeInfinity);
        TVector largest = none;
        TElement* s = walk.Student;
        for (int k = 0; k < walk.Steps; k++)
        {
            TVector student = k < walk.FullSteps ? TVector.Load(s) : TVector.LoadPartial(s, walk.Lanes, none);
            largest = TVector.Max(student, largest);
            s += walk.StudentStride;
        }

        return largest;
    }

    /// <summary>The first index of a value in a contiguous row, or −1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static long FirstIndexOf(TElement* row, long count, double value)
    {
        TVector sought = TVector.Broadcast(value), none = TVector.Broadcast(double.NaN);
        for (long i = 0; i < count; i += TVector.Width)
        {
            TVector v = i + TVector.Width <= count
                ? TVector.Load(row + i)
                : TVector.LoadPartial(row + i, (int)(count - i), none);
            int lane = TVector.FirstEqual(v, sought);
            if (lane < TVector.Width) return i + lane;
        }

        return -1;
    }

    /// <summary>Adds kept terms times <paramref name="factor"/> to a gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddKept(in Walk<TElement> walk, TElement* kept, TVector factor, TElement* gradient, long stride)
    {
        TVector zero = TVector.Broadcast(0);
        for (int k = 0; k < walk.Steps; k++)
        {
            bool full = k < walk.FullSteps;
            TVector sum = TVector.Fma(
                TVector.Load(kept + ((long)k * TVector.Width)),
                factor,
                full ? TVector.Load(gradient) : TVector.LoadPartial(gradient, walk.Lanes, zero));
            if (full)
                TVector.Store(gradient, sum);
            else
                TVector.StorePartial(gradient, walk.Lanes, sum);
            gradient += stride;
        }
    }

    /// <summary>Σe^(s − origin) per lane; the terms are kept where <paramref name="kept"/> is given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector SumExp(in Walk<TElement> walk, TVector origin, TElement* kept)
    {
        TVector log2 = TVector.Broadcast(1.4426950408889634);
        TVector none = TVector.Broadcast(double.NegativeInfinity);
        TVector sum = TVector.Broadcast(0);
        TElement* s = walk.Student;
        for (int k = 0; k < walk.Steps; k++)
        {
            TVector student = k < walk.FullSteps ? TVector.Load(s) : TVector.LoadPartial(s, walk.Lanes, none);
            TVector e = VectorMath<TVector, TElement>.Exp2((student - origin) * log2);
            sum += e;
            if (kept is not null) TVector.Store(kept + ((long)k * TVector.Width), e);
            s += walk.StudentStride;
        }

        return sum;
    }
}
