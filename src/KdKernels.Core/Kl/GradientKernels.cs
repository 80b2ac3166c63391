using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// What turns the kept p̃, x and m = e^x − 1 of a row into its gradients: with y = x + Shift = log q − log p,
/// <c>student = p̃·Scale·(Mass·expm1(y) + Mass − w)</c>, where expm1(y) = m·e^Shift + expm1(Shift) needs no exponential per
/// element, and <c>teacher = p̃·Scale·(w·(1 − y) − Sum − Mass)</c>; without weights the latter is
/// <c>−p̃·Scale·(Slope·x + Mean)</c>, which has no KL to cancel in a row that one class dominates.
/// </summary>
internal struct GradientTerms<TVector>
{
    /// <summary>1 / S, times everything that multiplies the row's gradient.</summary>
    public TVector Scale;
    public TVector Shift;

    /// <summary>e^Shift.</summary>
    public TVector Ratio;

    /// <summary>e^Shift − 1.</summary>
    public TVector Growth;

    /// <summary>What multiplies x in the teacher's gradient: 1 for the divergence alone.</summary>
    public TVector Slope;
    public TVector Mean;
    public TVector Mass;

    /// <summary>Σ w p (log p − log q).</summary>
    public TVector Sum;

    /// <summary>What multiplies the kept e^(s − max s) for the cross-entropy.</summary>
    public TVector CrossEntropy;
}

internal static unsafe class GradientKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>The student's gradient, in the variant that the arguments ask for.</summary>
    public static void Student(
        in Walk<TElement> walk,
        in GradientTerms<TVector> terms,
        in Kept<TElement> kept,
        TElement* keptExp,
        TElement* gradient,
        long stride)
    {
        switch (walk.Weights is not null, keptExp is not null)
        {
            case (false, false): Student<Off, Off>(walk, terms, kept, keptExp, gradient, stride); break;
            case (true, false): Student<On, Off>(walk, terms, kept, keptExp, gradient, stride); break;
            case (false, true): Student<Off, On>(walk, terms, kept, keptExp, gradient, stride); break;
            case (true, true): Student<On, On>(walk, terms, kept, keptExp, gradient, stride); break;
        }
    }

    /// <summary>The teacher's gradient, weighted or not.</summary>
    public static void Teacher(
        in Walk<TElement> walk,
        in GradientTerms<TVector> terms,
        in Kept<TElement> kept,
        TElement* gradient,
        long stride)
    {
        if (walk.Weights is null)
            Teacher<Off>(walk, terms, kept, gradient, stride);
        else
            Teacher<On>(walk, terms, kept, gradient, stride);
    }

    /// <summary>
    /// Student gradient of kept elements: q − p as p·expm1(log q − log p), which keeps its digits where q is close to
    /// p. Reads 2 (with cross-entropy 3) vectors of scratch and writes one per step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Student<TWeighted, TCrossEntropy>(
        in Walk<TElement> walk,
        in GradientTerms<TVector> terms,
        in Kept<TElement> kept,
        TElement* keptExp,
        TElement* gradient,
        long stride)
        where TWeighted : struct, IFlag
        where TCrossEntropy : struct, IFlag
    {
        TVector scale = terms.Scale, ratio = terms.Ratio, growth = terms.Growth, mass = terms.Mass;
        TVector crossEntropy = terms.CrossEntropy;
        for (int k = 0; k < walk.Steps; k++)
        {
            long at = (long)k * TVector.Width;
            TVector p = TVector.Load(kept.Mass + at) * scale;
            TVector factor = TVector.Fma(TVector.Load(kept.Growth + at), ratio, growth);
            if (TWeighted.Value)
                factor = TVector.Fma(factor, mass, mass - TVector.Load(walk.Weights + at));
            TVector result = p * factor;
            if (TCrossEntropy.Value)
                result = TVector.Fma(TVector.Load(keptExp + at), crossEntropy, result);
            if (k < walk.FullSteps)
                TVector.Store(gradient, result);
            else
                TVector.StorePartial(gradient, walk.Lanes, result);
            gradient += stride;
        }
    }

    /// <summary>Teacher gradient of kept elements, p⊙(w⊙(v + 1) − Σwpv − Σwp) with v = log p − log q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Teacher<TWeighted>(
        in Walk<TElement> walk,
        in GradientTerms<TVector> terms,
        in Kept<TElement> kept,
        TElement* gradient,
        long stride)
        where TWeighted : struct, IFlag
    {
        TVector scale = terms.Scale, shift = terms.Shift, mean = terms.Mean, all = terms.Sum + terms.Mass;
        TVector slope = terms.Slope, minusMean = TVector.Broadcast(0) - mean;
        for (int k = 0; k < walk.Steps; k++)
        {
            long at = (long)k * TVector.Width;
            TVector p = TVector.Load(kept.Mass + at) * scale;
            TVector x = TVector.Load(kept.X + at);
            TVector factor;
            if (TWeighted.Value)
            {
                TVector w = TVector.Load(walk.Weights + at);
                factor = TVector.Fnma(w, x + shift, w) - all;
            }
            else
            {
                factor = TVector.Fnma(slope, x, minusMean);
            }

            TVector result = p * factor;
            if (k < walk.FullSteps)
                TVector.Store(gradient, result);
            else
                TVector.StorePartial(gradient, walk.Lanes, result);
            gradient += stride;
        }
    }
}
