using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>The sums of <see cref="RatioSums"/>, per lane.</summary>
internal struct RatioLaneSums<TVector>
{
    public TVector Value;
    public TVector Student;
    public TVector StudentRest;
    public TVector Teacher;
    public TVector TeacherRest;
}

internal static unsafe class RatioKernels<TVector, TElement, TTerm>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
    where TTerm : struct, IRatioTerm<TVector>
{
    /// <summary>
    /// Sums over kept p̃, e^x, e^x − 1 and x. Reads 3 vectors of scratch (4 with the logarithm) per step; with
    /// <typeparamref name="TKeep"/> it leaves p, q, f′ and ψ in the places of p̃, e^x, x and e^x − 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Sum<TKeep>(
        int steps,
        in Kept<TElement> kept,
        in GradientTerms<TVector> terms,
        in RatioConstants<TVector> constants,
        out RatioLaneSums<TVector> sums)
        where TKeep : struct, IFlag
    {
        TVector scale = terms.Scale, shift = terms.Shift, ratioScale = terms.Ratio, growthShift = terms.Growth;
        TVector zero = TVector.Broadcast(0), one = TVector.Broadcast(1);
        TVector sum = zero, student = zero, studentRest = zero, teacher = zero, teacherRest = zero;
        for (long at = 0; at < (long)steps * TVector.Width; at += TVector.Width)
        {
            TVector p = TVector.Load(kept.Mass + at) * scale;
            TVector ratio = TVector.Load(kept.Ratio + at) * ratioScale;
            TVector growth = TVector.Fma(TVector.Load(kept.Growth + at), ratioScale, growthShift);
            TVector log = TTerm.NeedsLog ? TVector.Load(kept.X + at) + shift : zero;
            TVector f = TTerm.Value(ratio, growth, log, constants, out TVector slope, out TVector slopeT);
            sum = TVector.Fma(p, f, sum);
            if (!TKeep.Value) continue;
            TVector q = p * ratio;
            student = TVector.Fma(q, slope, student);
            teacher = TVector.Fma(p, slopeT, teacher);
            if (TTerm.HasSigns)
            {
                studentRest = TVector.Fma(q, one - slope, studentRest);
                teacherRest = TVector.Fma(p, one - slopeT, teacherRest);
            }

            TVector.Store(kept.Mass + at, p);
            TVector.Store(kept.Ratio + at, q);
            TVector.Store(kept.X + at, slope);
            TVector.Store(kept.Growth + at, slopeT);
        }

        sums.Value = sum;
        sums.Student = student;
        sums.StudentRest = studentRest;
        sums.Teacher = teacher;
        sums.TeacherRest = teacherRest;
    }

    /// <summary>
    /// A gradient <c>mass⊙(slope − mean)·scale</c>. Reads two vectors of scratch and writes one per step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradient(
        in Walk<TElement> walk,
        TElement* mass,
        TElement* slopes,
        TVector mean,
        TVector rest,
        TVector scale,
        TElement* gradient,
        long stride)
    {
        TVector one = TVector.Broadcast(1);
        for (int k = 0; k < walk.Steps; k++, gradient += stride)
        {
            long at = (long)k * TVector.Width;
            TVector slope = TVector.Load(slopes + at);
            TVector centred = TTerm.HasSigns ? (slope * rest) - ((one - slope) * mean) : slope - mean;
            TVector result = TVector.Load(mass + at) * scale * centred;
            if (k < walk.FullSteps)
                TVector.Store(gradient, result);
            else
                TVector.StorePartial(gradient, walk.Lanes, result);
        }
    }
}
