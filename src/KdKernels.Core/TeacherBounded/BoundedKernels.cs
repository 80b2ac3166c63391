using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Boxes, one in each lane; their offsets follow each other a vector's width apart.</summary>
internal unsafe struct BoundedBoxes<TElement>
    where TElement : unmanaged
{
    public TElement* Student;
    public TElement* Teacher;
    public TElement* Target;
    public TElement* Gradient;
    public long Offsets;
}

/// <summary>The settings in every lane.</summary>
internal struct BoundedTerms<TVector>
{
    public TVector Margin;
    public TVector BoundWeight;
    public TVector Beta;
    public TVector InverseBeta;
    public bool SmoothL1;
}

internal static unsafe class BoundedKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>
    /// The loss of each lane's box; <paramref name="bound"/> is ν where its bounded part is on, 0 where it is off, NaN
    /// where either side is.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector Loss(in BoundedBoxes<TElement> boxes, in BoundedTerms<TVector> terms, out TVector bound)
    {
        TVector zero = TVector.Broadcast(0), half = TVector.Broadcast(0.5);
        TVector student = zero, teacher = zero, smooth = zero;
        for (long k = 0; k < boxes.Offsets; k++)
        {
            long at = k * TVector.Width;
            TVector target = TVector.Load(boxes.Target + at);
            TVector s = TVector.Load(boxes.Student + at) - target, t = TVector.Load(boxes.Teacher + at) - target;
            student = TVector.Fma(s, s, student);
            teacher = TVector.Fma(t, t, teacher);

            // With q = min(|s|, β): q(|s| − q/2)/β is the parabola ½s²/β below β and the line |s| − β/2 above.
            TVector size = TVector.Max(s, zero - s), q = TVector.Min(terms.Beta, size);
            smooth = TVector.Fma(q * terms.InverseBeta, TVector.Fnma(half, q, size), smooth);
        }

        // Off where the teacher is worse by the margin or more; a NaN is neither and stays.
        TVector limit = student + terms.Margin, both = student + teacher;
        bound = TVector.SelectGreater(teacher, limit, zero, terms.BoundWeight);
        bound = TVector.SelectEqual(teacher, limit, zero, bound);
        bound = TVector.SelectEqual(both, both, bound, both);
        TVector loss = TVector.SelectEqual(bound, zero, zero, bound * student);
        return terms.SmoothL1 ? loss + smooth : loss;
    }

    /// <summary>The gradient of each lane's box, for what its loss is multiplied by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradient(
        in BoundedBoxes<TElement> boxes, in BoundedTerms<TVector> terms, TVector bound, TVector scale)
    {
        TVector zero = TVector.Broadcast(0), twice = (bound + bound) * scale;
        TVector slope = terms.InverseBeta * scale;
        for (long k = 0; k < boxes.Offsets; k++)
        {
            long at = k * TVector.Width;
            TVector s = TVector.Load(boxes.Student + at) - TVector.Load(boxes.Target + at);
            TVector gradient = TVector.SelectEqual(bound, zero, zero, s * twice);
            if (terms.SmoothL1)
            {
                TVector clamped = TVector.Max(zero - terms.Beta, TVector.Min(terms.Beta, s));
                gradient = TVector.Fma(clamped, slope, gradient);
            }

            TVector.Store(boxes.Gradient + at, gradient);
        }
    }
}
