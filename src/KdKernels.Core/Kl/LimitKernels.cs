using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>T = ∞: the centred difference D − mean D, D = student − teacher, in two passes.</summary>
internal static unsafe class LimitKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>Σ(D − D_origin) per lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector Sum(in Walk<TElement> walk, in Origin<TVector> origin)
    {
        TVector sum = TVector.Broadcast(0);
        TVector fillS = sum - origin.Difference;
        TElement* s = walk.Student;
        TElement* t = walk.Teacher;
        for (int k = 0; k < walk.Steps; k++)
        {
            bool full = k < walk.FullSteps;
            sum += Centred(
                full ? TVector.Load(s) : TVector.LoadPartial(s, walk.Lanes, fillS),
                full ? TVector.Load(t) : TVector.LoadPartial(t, walk.Lanes, origin.DifferenceError),
                origin);
            s += walk.StudentStride;
            t += walk.TeacherStride;
        }

        return sum;
    }

    /// <summary>
    /// Σ(D − D_origin)² per lane; where gradients are given, (D − D_origin)·scale goes to the student's and its
    /// negative to the teacher's.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector Squares(
        in Walk<TElement> walk,
        in Origin<TVector> origin,
        TVector scale,
        TElement* studentGradient,
        long studentStride,
        TElement* teacherGradient,
        long teacherStride)
    {
        TVector sum = TVector.Broadcast(0), minus = sum - scale;
        TVector fillS = sum - origin.Difference;
        TElement* s = walk.Student;
        TElement* t = walk.Teacher;
        for (int k = 0; k < walk.Steps; k++)
        {
            bool full = k < walk.FullSteps;
            TVector centred = Centred(
                full ? TVector.Load(s) : TVector.LoadPartial(s, walk.Lanes, fillS),
                full ? TVector.Load(t) : TVector.LoadPartial(t, walk.Lanes, origin.DifferenceError),
                origin);
            sum = TVector.Fma(centred, centred, sum);
            if (studentGradient is not null)
                Put(studentGradient + (k * studentStride), full, walk.Lanes, centred * scale);
            if (teacherGradient is not null)
                Put(teacherGradient + (k * teacherStride), full, walk.Lanes, centred * minus);
            s += walk.StudentStride;
            t += walk.TeacherStride;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Centred(TVector student, TVector teacher, in Origin<TVector> origin)
    {
        TVector d = teacher - student;
        TVector back = teacher - d;
        TVector e = (teacher - (d + back)) + (back - student);
        return (origin.Difference - d) + (origin.DifferenceError - e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(TElement* target, bool full, int lanes, TVector value)
    {
        if (full)
            TVector.Store(target, value);
        else
            TVector.StorePartial(target, lanes, value);
    }
}
