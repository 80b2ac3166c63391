using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// A row read from memory as often as it takes: any strides, excluded classes, class weights, both gradients. The kernel for what
/// no faster one takes, and the second look of the faster ones at a row that their cheap forms are not good enough for.
/// </summary>
public static class PairGeneral
{
    /// <summary>Value and gradients of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlResult Row<T, TElement, TGroup, TTerm>(
        in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
        where TTerm : struct, IPairTerm
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        var memory = KlRowMemory<T>.Of(a, row);
        int label = default(TTerm).HasLabel ? factors.Label : -1;
        var sums = Sum<T, TElement, TGroup>(a, ref group, element, memory, label);
        PairRow values = default;
        values.Normal = KlNormal.Of(sums, a.Scale);
        values.Divergence = KlReduce.Divergence(sums, values.Normal);
        values.FirstWeight = a.FirstWeight;
        values.SecondWeight = a.SecondWeight;
        values.Factor = factors.Kl;
        values.Exact = element.Exact;
        values.Weighted = a.ClassWeights.Length > 0;
        if (default(TTerm).HasLabel)
        {
            values.LabelTeacher = label < 0 ? float.NaN : memory.LoadTeacher(element, label < 0 ? 0 : label);
            values.LabelStudent = label < 0 ? float.NaN : memory.LoadStudent(element, label < 0 ? 0 : label);
        }

        bool isNear = values.Divergence < element.SmallDivergence;
        float divergence = 0f;
        PairCentre centre = default;
        centre.Begin(values.Normal, sums);
        if (!isNear) centre.Normal = values.Normal;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
        {
            if (c == label) continue;
            float t = memory.LoadTeacher(element, c);
            float s = memory.LoadStudent(element, c);
            var pair = PairClass.OfAny(centre.Normal, t, s, element.Exact);
            if (Numbers.IsExcluded(t)) centre.AddWithoutTeacher(pair);
            else centre.Add(pair);
            divergence += Numbers.IsExcluded(t) ? 0f : Numbers.IsExcluded(s) ? pair.LogRatio : pair.P * pair.LogRatio;
        }
        group.Sum(ref centre.First, ref centre.Gap, ref divergence, 3);
        values.Divergence = divergence;
        if (isNear)
        {
            values.Divergence = centre.Finish();
            values.Normal = centre.Normal;
        }

        TTerm term = default;
        term.Begin(values);
        if (term.HasSums)
        {
            for (int c = group.Rank; c < a.Classes; c += group.Size)
            {
                if (c == label) continue;
                float s = memory.LoadStudent(element, c);
                float weight = values.Weighted ? a.ClassWeights[c] : 1f;
                term.Add(PairClass.OfAny(values.Normal, memory.LoadTeacher(element, c), s, element.Exact), s, weight);
            }
        }
        term.Combine(ref group, 4, isPlain: false);
        term.CombineTeacher(ref group, 2);

        // A side that excludes every class is no distribution.
        bool isEmpty = Numbers.IsExcluded(sums.TeacherMax) | Numbers.IsExcluded(sums.StudentMax);
        KlResult result = default;
        result.Kl = isEmpty ? float.NaN : term.Value;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
        {
            bool isLabel = c == label;
            float weight = values.Weighted ? a.ClassWeights[c] : 1f;
            var pair = PairClass.OfAny(values.Normal, memory.LoadTeacher(element, c), memory.LoadStudent(element, c), element.Exact);
            if (a.StudentGradient.Length > 0)
                memory.StoreStudent(element, c, isLabel ? term.AtLabel : isEmpty ? float.NaN : term.Gradient(pair, weight));
            if (a.TeacherGradient.Length > 0)
                memory.StoreTeacher(element, c, isLabel ? term.TeacherAtLabel : isEmpty ? float.NaN : term.TeacherGradient(pair));
        }
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static KlSums Sum<T, TElement, TGroup>(
        in KlArguments<T> a, ref TGroup group, TElement element, KlRowMemory<T> memory, int label)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
    {
        KlMaxVisitor max;
        max.Teacher = float.NegativeInfinity;
        max.Student = float.NegativeInfinity;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
            if (c != label) max.Visit(memory.LoadTeacher(element, c), memory.LoadStudent(element, c), 0);
        group.Max(ref max.Teacher, ref max.Student, 0);

        KlSumVisitor<Off, On> visitor = default;
        visitor.Sums = KlSums.Empty;
        visitor.Sums.TeacherMax = max.Teacher;
        visitor.Sums.StudentMax = max.Student;
        visitor.Scale = a.Scale;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
            if (c != label) visitor.Visit(memory.LoadTeacher(element, c), memory.LoadStudent(element, c), 0);
        KlReduce.Add<TGroup, Off>(ref group, ref visitor.Sums);
        return visitor.Sums;
    }
}
