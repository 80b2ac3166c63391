using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>A stretch of one row, all of it side by side.</summary>
internal unsafe struct SquaredErrorSpan<TElement>
    where TElement : unmanaged
{
    public TElement* Student;
    public TElement* Teacher;

    /// <summary>σξ of each class, or null.</summary>
    public TElement* Noise;

    /// <summary>Weights of the classes, or null.</summary>
    public TElement* Weights;

    /// <summary>Null where it is not wanted.</summary>
    public TElement* StudentGradient;

    /// <summary>Null where it is not wanted.</summary>
    public TElement* TeacherGradient;
    public long Count;
}

/// <summary>Neighbouring rows, one in each lane, and a number of classes that lie the strides apart.</summary>
internal unsafe struct SquaredErrorWalk<TElement>
    where TElement : unmanaged
{
    public TElement* Student;
    public TElement* Teacher;
    public long StudentStride;
    public long TeacherStride;
    public TElement* Weights;
    public TElement* StudentGradient;
    public TElement* TeacherGradient;
    public long StudentGradientStride;
    public long TeacherGradientStride;
    public int Steps;
    public int Lanes;
}

internal static unsafe class SquaredErrorKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>
    /// Returns Σ w(s − t')² with t' = (1 + n)t, and writes w(s − t')·scale and −(1 + n)w(s − t')·scale where gradients
    /// are wanted. Reads two vectors per step, plus noise and weights, and writes one per gradient.
    /// </summary>
    public static double Span(in SquaredErrorSpan<TElement> span, TVector scale) =>
        (span.Noise is not null, span.Weights is not null) switch
        {
            (false, false) => Span<Off, Off>(span, scale),
            (true, false) => Span<On, Off>(span, scale),
            (false, true) => Span<Off, On>(span, scale),
            (true, true) => Span<On, On>(span, scale),
        };

    /// <summary>The same for rows in the lanes; returns each lane's sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector Walk(in SquaredErrorWalk<TElement> walk, TVector scale)
    {
        TVector zero = TVector.Broadcast(0), sum = zero;
        TElement* s = walk.Student, t = walk.Teacher, w = walk.Weights;
        TElement* ds = walk.StudentGradient, dt = walk.TeacherGradient;
        for (int k = 0; k < walk.Steps; k++, s += walk.StudentStride, t += walk.TeacherStride)
        {
            TVector d = Load(s, walk.Lanes) - Load(t, walk.Lanes);
            TVector weighted = w is null ? d : d * TVector.Broadcast(Memory.Get(w + k));
            sum = TVector.Fma(weighted, d, sum);
            weighted *= scale;
            if (ds is not null)
            {
                Store(ds, walk.Lanes, weighted);
                ds += walk.StudentGradientStride;
            }

            if (dt is not null)
            {
                Store(dt, walk.Lanes, zero - weighted);
                dt += walk.TeacherGradientStride;
            }
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Span<TNoisy, TWeighted>(in SquaredErrorSpan<TElement> span, TVector scale)
        where TNoisy : struct, IFlag
        where TWeighted : struct, IFlag
    {
        TVector zero = TVector.Broadcast(0);
        TVector a = zero, b = zero, c = zero, d = zero;
        TElement* s = span.Student, t = span.Teacher, n = span.Noise, w = span.Weights;
        TElement* ds = span.StudentGradient, dt = span.TeacherGradient;
        int width = TVector.Width;
        long i = 0;

        // Four sums: one alone would wait for its own last addition.
        for (; i + (4 * width) <= span.Count; i += 4 * width)
        {
            a = Step<TNoisy, TWeighted>(s, t, n, w, ds, dt, i, width, scale, a);
            b = Step<TNoisy, TWeighted>(s, t, n, w, ds, dt, i + width, width, scale, b);
            c = Step<TNoisy, TWeighted>(s, t, n, w, ds, dt, i + (2 * width), width, scale, c);
            d = Step<TNoisy, TWeighted>(s, t, n, w, ds, dt, i + (3 * width), width, scale, d);
        }

        for (; i + width <= span.Count; i += width)
            a = Step<TNoisy, TWeighted>(s, t, n, w, ds, dt, i, width, scale, a);
        if (i < span.Count)
            b = Step<TNoisy, TWeighted>(s, t, n, w, ds, dt, i, (int)(span.Count - i), scale, b);
        return TVector.Sum((a + b) + (c + d));
    }

    /// <summary>One vector of a row; a constant <paramref name="lanes"/> decides at compile time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Step<TNoisy, TWeighted>(
        TElement* s,
        TElement* t,
        TElement* n,
        TElement* w,
        TElement* ds,
        TElement* dt,
        long at,
        int lanes,
        TVector scale,
        TVector sum)
        where TNoisy : struct, IFlag
        where TWeighted : struct, IFlag
    {
        TVector noise = TNoisy.Value ? Load(n + at, lanes) : TVector.Broadcast(0), teacher = Load(t + at, lanes);
        if (TNoisy.Value) teacher = TVector.Fma(noise, teacher, teacher);
        TVector difference = Load(s + at, lanes) - teacher;
        TVector weighted = TWeighted.Value ? difference * Load(w + at, lanes) : difference;
        sum = TVector.Fma(weighted, difference, sum);
        weighted *= scale;
        if (ds is not null) Store(ds + at, lanes, weighted);
        if (dt is null) return sum;
        if (TNoisy.Value) weighted = TVector.Fma(noise, weighted, weighted);
        Store(dt + at, lanes, TVector.Broadcast(0) - weighted);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load(TElement* source, int lanes) =>
        lanes == TVector.Width ? TVector.Load(source) : TVector.LoadPartial(source, lanes, TVector.Broadcast(0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TElement* target, int lanes, TVector value)
    {
        if (lanes == TVector.Width)
            TVector.Store(target, value);
        else
            TVector.StorePartial(target, lanes, value);
    }
}
