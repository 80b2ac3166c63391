using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// A row read from memory as often as it takes: any strides, excluded classes, class weights, the teacher's gradient. The kernel
/// for what no faster one takes, and the second look of the faster ones at a row whose sums are not finite.
/// </summary>
public static class KlGeneral
{
    /// <summary>Values and gradients of a row at a finite temperature.</summary>
    /// <typeparam name="T">Storage.</typeparam>
    /// <typeparam name="TElement">Element type.</typeparam>
    /// <typeparam name="TGroup">Threads that share the row.</typeparam>
    /// <typeparam name="TMetrics">Whether there are cross-entropy and metrics.</typeparam>
    /// <typeparam name="TAll">Whether class weights and the teacher's gradient may be asked for.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlResult Row<T, TElement, TGroup, TMetrics, TAll>(
        in KlArguments<T> a, ref TGroup group, TElement element, KlRowMemory<T> memory, KlFactors factors)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
        where TMetrics : struct, IFlag
        where TAll : struct, IFlag
    {
        var sums = Sum<T, TElement, TGroup, TMetrics>(a, ref group, element, memory);
        var normal = KlNormal.Of(sums, a.Scale);
        bool weighted = default(TAll).Value && a.ClassWeights.Length > 0;
        float small = KlReduce.Divergence(sums, normal);
        bool isSmall = small < element.SmallDivergence;
        float unused = 0f;
        if (isSmall)
        {
            KlCarefulVisitor again = default;
            again.Normal = normal;
            again.Normal.Centre(sums);
            again.Exact = element.Exact;
            for (int c = group.Rank; c < a.Classes; c += group.Size)
            {
                float t = memory.LoadTeacher(element, c);
                float s = memory.LoadStudent(element, c);
                // What p e^(-w) becomes where p is 0.
                if (!Numbers.IsExcluded(t)) again.VisitAny(t, s);
                else again.Gap += Ptx.Exp2(((s - sums.StudentMax + again.Normal.Mean) * a.Scale) - normal.TeacherLogMass);
            }
            group.Sum(ref again.First, ref again.Gap, ref unused, 4);
            small = again.Finish();
            normal = again.Normal;
        }

        // A side that excludes every class is no distribution.
        bool isEmpty = Numbers.IsExcluded(sums.TeacherMax) | Numbers.IsExcluded(sums.StudentMax);
        float divergence = isEmpty ? float.NaN : 0f;
        float mass = 0f;
        float teacherEntropy = 0f;
        float studentEntropy = 0f;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
        {
            float t = memory.LoadTeacher(element, c);
            float s = memory.LoadStudent(element, c);
            float weight = weighted ? a.ClassWeights[c] : 1f;
            float p = normal.Teacher(t);
            float q = normal.Student(s);
            float w = Numbers.IsExcluded(s) ? float.PositiveInfinity : normal.LogRatio(t, s, element.Exact);
            divergence += Numbers.IsExcluded(t) ? 0f : weight * (Numbers.IsExcluded(s) ? w : p * w);
            mass += weight * p;
            if (!default(TMetrics).Value) continue;
            teacherEntropy -= p == 0f ? 0f : p * Ptx.Log2(p);
            studentEntropy -= q == 0f ? 0f : q * Ptx.Log2(q);
        }
        group.Sum(ref divergence, ref mass, ref unused, 5);
        if (isSmall & !weighted) divergence = small;

        KlResult result = default;
        result.Kl = divergence;
        if (default(TMetrics).Value)
        {
            group.Sum(ref teacherEntropy, ref studentEntropy, ref unused, 4);
            int label = factors.Label < 0 ? 0 : factors.Label;
            float weight = weighted ? a.ClassWeights[label] : 1f;
            result = KlReduce.Metrics<TMetrics>(sums, normal, memory.LoadStudent(element, label), factors.Label);
            result.Kl = divergence;
            result.CrossEntropy *= weight;
            factors.CrossEntropy *= weight;
            // From the probabilities, since a product of an excluded logit and its mass of 0 would be NaN.
            result.TeacherEntropy = teacherEntropy * Numbers.Ln2;
            result.StudentEntropy = studentEntropy * Numbers.Ln2;
        }
        if (a.StudentGradient.Length > 0 | (default(TAll).Value & a.TeacherGradient.Length > 0))
            StoreGradients<T, TElement, TGroup, TMetrics, TAll>(a, group, element, memory, factors, normal, divergence, mass, weighted);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static KlSums Sum<T, TElement, TGroup, TMetrics>(
        in KlArguments<T> a, ref TGroup group, TElement element, KlRowMemory<T> memory)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
        where TMetrics : struct, IFlag
    {
        KlMaxVisitor max;
        max.Teacher = float.NegativeInfinity;
        max.Student = float.NegativeInfinity;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
            max.Visit(memory.LoadTeacher(element, c), memory.LoadStudent(element, c), 0);
        group.Max(ref max.Teacher, ref max.Student, 0);

        KlSumVisitor<TMetrics, On> visitor = default;
        visitor.Sums = KlSums.Empty;
        visitor.Sums.TeacherMax = max.Teacher;
        visitor.Sums.StudentMax = max.Student;
        visitor.Scale = a.Scale;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
            visitor.Visit(memory.LoadTeacher(element, c), memory.LoadStudent(element, c), c);
        KlReduce.Add<TGroup, TMetrics>(ref group, ref visitor.Sums);
        return visitor.Sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreGradients<T, TElement, TGroup, TMetrics, TAll>(
        in KlArguments<T> a,
        TGroup group,
        TElement element,
        KlRowMemory<T> memory,
        KlFactors factors,
        KlNormal normal,
        float divergence,
        float mass,
        bool weighted)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
        where TMetrics : struct, IFlag
        where TAll : struct, IFlag
    {
        for (int c = group.Rank; c < a.Classes; c += group.Size)
        {
            float t = memory.LoadTeacher(element, c);
            float s = memory.LoadStudent(element, c);
            float p = normal.Teacher(t);
            float q = normal.Student(s);
            bool excluded = Numbers.IsExcluded(t) | Numbers.IsExcluded(s);
            float w = excluded ? (Numbers.IsExcluded(t) ? 0f : float.PositiveInfinity) : normal.LogRatio(t, s, element.Exact);
            float weight = weighted ? a.ClassWeights[c] : 1f;
            if (a.StudentGradient.Length > 0)
            {
                float qMinusP = IntrinsicMath.Abs(w) < 0.1f & !excluded ? p * Numbers.SmallExpm1OfMinus(w) : q - p;
                float direction = weighted ? (q * mass) - (weight * p) : qMinusP;
                // A term of weight 0 is left out, even where it is NaN.
                float gradient = a.KlWeight == 0f ? 0f : factors.Kl * direction;
                if (default(TMetrics).Value & a.CrossEntropyWeight != 0f)
                    gradient = KlGradientMap<TMetrics>.WithCrossEntropy(gradient, normal, factors, s, c);
                memory.StoreStudent(element, c, gradient);
            }
            if (default(TAll).Value && a.TeacherGradient.Length > 0)
            {
                float slope = weighted ? (weight * (w + 1f)) - divergence - mass : w - divergence;
                memory.StoreTeacher(element, c, Numbers.IsExcluded(t) ? 0f : factors.Kl * p * slope);
            }
        }
    }
}
