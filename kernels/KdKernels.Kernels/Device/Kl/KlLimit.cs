using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>T = ∞: with D = student − teacher the divergence becomes Σ(D − mean D)² / 2C, its gradient (D − mean D) / C.</summary>
public static class KlLimit
{
    /// <summary>Values and gradients of a row; an infinite logit gives NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlResult Row<T, TElement, TGroup, TMetrics>(
        in KlArguments<T> a, ref TGroup group, TElement element, KlRowMemory<T> memory, KlFactors factors)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
        where TMetrics : struct, IFlag
    {
        // From the difference at the first class, so that a common offset costs no digits.
        float origin = memory.LoadStudent(element, 0) - memory.LoadTeacher(element, 0);
        float sum = 0f;
        float unused = 0f;
        KlMaxVisitor max;
        max.Teacher = float.NegativeInfinity;
        max.Student = float.NegativeInfinity;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
        {
            float t = memory.LoadTeacher(element, c);
            float s = memory.LoadStudent(element, c);
            sum += (s - t) - origin;
            max.Visit(t, s, c);
        }
        group.Sum(ref sum, ref unused, ref unused, 0);
        group.Max(ref max.Teacher, ref max.Student, 1);
        float inverse = 1f / a.Classes;
        float mean = sum * inverse;

        KlSumVisitor<TMetrics, On> plain = default;
        plain.Sums = KlSums.Empty;
        plain.Sums.TeacherMax = max.Teacher;
        plain.Sums.StudentMax = max.Student;
        plain.Scale = a.Scale;
        float squares = 0f;
        for (int c = group.Rank; c < a.Classes; c += group.Size)
        {
            float t = memory.LoadTeacher(element, c);
            float s = memory.LoadStudent(element, c);
            float centred = (s - t) - origin - mean;
            squares += centred * centred;
            if (default(TMetrics).Value) plain.Visit(t, s, c);
        }
        group.Sum(ref squares, ref unused, ref unused, 2);
        if (default(TMetrics).Value) KlReduce.Add<TGroup, TMetrics>(ref group, ref plain.Sums);
        var normal = KlNormal.Of(plain.Sums, a.Scale);

        KlResult result = default;
        if (default(TMetrics).Value)
        {
            int label = factors.Label < 0 ? 0 : factors.Label;
            result = KlReduce.Metrics<TMetrics>(plain.Sums, normal, memory.LoadStudent(element, label), factors.Label);
            result.TeacherEntropy = Numbers.IsFinite(squares) ? Ptx.Log2(a.Classes) * Numbers.Ln2 : squares;
            result.StudentEntropy = result.TeacherEntropy;
        }
        result.Kl = 0.5f * inverse * squares;

        for (int c = group.Rank; c < a.Classes; c += group.Size)
        {
            float t = memory.LoadTeacher(element, c);
            float s = memory.LoadStudent(element, c);
            float centred = a.KlWeight == 0f ? 0f : factors.Kl * inverse * ((s - t) - origin - mean);
            if (a.StudentGradient.Length > 0)
            {
                float gradient = default(TMetrics).Value & a.CrossEntropyWeight != 0f
                    ? KlGradientMap<TMetrics>.WithCrossEntropy(centred, normal, factors, s, c)
                    : centred;
                memory.StoreStudent(element, c, gradient);
            }
            if (a.TeacherGradient.Length > 0) memory.StoreTeacher(element, c, -centred);
        }
        return result;
    }
}
