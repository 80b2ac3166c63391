using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// A row of a loss that is a sum over classes: the same steps however its classes are walked. A row that the cheap forms are not
/// good enough for, because its value is small or not finite, goes to the general kernel's code, which reads it again from L2:
/// forms without cancellation for every vector in registers would be several times the code and registers of all the rest.
/// </summary>
public static class PairEngine
{
    /// <summary>Value and one gradient of a row.</summary>
    /// <typeparam name="T">Storage.</typeparam>
    /// <typeparam name="TElement">Element type.</typeparam>
    /// <typeparam name="TGroup">Threads that share the row.</typeparam>
    /// <typeparam name="TTerm">The loss.</typeparam>
    /// <typeparam name="TWalk">How they get at its classes.</typeparam>
    /// <typeparam name="TGeneral">What computes a row that the cheap forms are not good enough for.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlResult Row<T, TElement, TGroup, TTerm, TWalk, TGeneral>(
        in KlArguments<T> a, ref TGroup group, ref TWalk walk, long row, KlFactors factors)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
        where TTerm : struct, IPairTerm
        where TWalk : struct, IPairWalk<TGroup>
        where TGeneral : struct, IKlBody<T, TGroup>
    {
        TElement element = default;
        var sums = walk.Sum(ref group, a.Scale);
        PairRow values = default;
        values.Normal = KlNormal.Of(sums, a.Scale);
        values.Divergence = KlReduce.Divergence(sums, values.Normal);
        if (!Numbers.IsFinite(values.Divergence)) return default(TGeneral).Row(a, ref group, row, factors);

        values.Mean = sums.Difference * Ptx.Reciprocal(sums.TeacherMass);
        values.LabelTeacher = walk.LabelTeacher;
        values.LabelStudent = walk.LabelStudent;
        values.FirstWeight = a.FirstWeight;
        values.SecondWeight = a.SecondWeight;
        values.Factor = factors.Kl;
        TTerm term = default;
        term.Begin(values);
        if (term.HasSums)
        {
            PairAddPlain<TTerm> plain;
            plain.Term = term;
            walk.Each(ref plain, 3);
            plain.Term.Combine(ref group, 2, isPlain: true);
            term = plain.Term;
        }

        KlResult result = default;
        result.Kl = term.Value;
        // A NaN is no such value either.
        if (!(result.Kl <= float.MaxValue) | term.IsSmall(element.SmallDivergence))
            return default(TGeneral).Row(a, ref group, row, factors);

        bool wantsGradient = term.IsReversed ? a.TeacherGradient.Length > 0 : a.StudentGradient.Length > 0;
        if (!wantsGradient) return result;
        PairMapPlain<TTerm> map;
        map.Term = term;
        walk.Store(ref map, 4);
        return result;
    }
}
