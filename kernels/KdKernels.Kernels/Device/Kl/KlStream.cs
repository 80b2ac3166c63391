using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// A row of any length: each thread keeps running sums over its part, and where a gradient is wanted the row is read once more,
/// from L2 if the launcher keeps few enough rows in flight. Few registers, so that enough warps hide what the loads wait for.
/// </summary>
public static class KlStream
{
    private const int Unrolled = 2;

    /// <summary>Values and gradient of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlResult Row<T, TElement, TGroup, TMetrics>(
        in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
        where TMetrics : struct, IFlag
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        var index = RowIndex.Of(row, a.Inner);
        var student = a.Student.SubView(a.StudentStrides.Row(index));
        var teacher = a.Teacher.SubView(a.TeacherStrides.Row(index));
        var span = RowSpan.Of<T, TElement>(element.AddressOf(ref student[0]), a.Classes);
        int start = span.Head + (group.Rank * element.PerVector);
        int step = group.Size * element.PerVector;
        int edge = span.Edge(group.Rank);
        bool hasEdge = edge >= 0;
        float edgeTeacher = hasEdge ? element.Load(ref teacher[edge]) : 0f;
        float edgeStudent = hasEdge ? element.Load(ref student[edge]) : 0f;

        KlOnline<TMetrics> online = default;
        online.Reset(a.Scale);
        Accumulate(element, teacher, student, start, span.Tail, step, ref online);
        if (hasEdge) Accumulate(edgeTeacher, edgeStudent, edge, ref online);
        var sums = online.Combine(ref group);
        var normal = KlNormal.Of(sums, a.Scale);
        float divergence = KlReduce.Divergence(sums, normal);
        bool small = divergence < element.SmallDivergence;
        if (small)
        {
            element.BeginPhase(a.Zero, 2);
            KlCarefulVisitor again = default;
            normal.Centre(sums);
            again.Normal = normal;
            again.Exact = element.Exact;
            for (int c = start; c < span.Tail; c += step)
                element.Each(element.LoadVector(ref teacher[c]), element.LoadVector(ref student[c]), ref again);
            if (hasEdge) again.Visit(edgeTeacher, edgeStudent, 0);
            float unused = 0f;
            group.Sum(ref again.First, ref again.Gap, ref unused, 5);
            divergence = again.Finish();
            normal = again.Normal;
        }

        // Excluded classes, or one of which the teacher has nothing that float32 shows.
        if (!Numbers.IsFinite(divergence))
        {
            return KlGeneral.Row<T, TElement, TGroup, TMetrics, Off>(
                a, ref group, element, KlRowMemory<T>.Of(a, row), factors);
        }

        float labelLogit = default(TMetrics).Value ? element.Load(ref student[factors.Label < 0 ? 0 : factors.Label]) : 0f;
        var result = KlReduce.Metrics<TMetrics>(sums, normal, labelLogit, factors.Label);
        result.Kl = divergence;
        bool wantsGradient = a.StudentGradient.Length > 0;
        if (!wantsGradient) return result;

        var gradient = a.StudentGradient.SubView(wantsGradient ? a.StudentGradientStrides.Row(index) : 0);
        element.BeginPhase(a.Zero, 2);
        if (small)
        {
            KlCarefulMap<TMetrics> careful = default;
            careful.Normal = normal;
            careful.Factors = factors;
            careful.Exact = element.Exact;
            for (int c = start; c < span.Tail; c += step)
            {
                careful.Begin(c);
                var value = element.Map(element.LoadVector(ref teacher[c]), element.LoadVector(ref student[c]), ref careful);
                element.StoreVector(ref gradient[c], value);
            }
            if (hasEdge)
            {
                careful.Begin(edge);
                element.Store(ref gradient[edge], careful.Map(edgeTeacher, edgeStudent, 0));
            }
            return result;
        }

        KlGradientMap<TMetrics> plain = default;
        plain.Normal = normal;
        plain.Factors = factors;
        int next = start;
        for (; next + step < span.Tail; next += Unrolled * step)
        {
            var teacher0 = element.LoadVector(ref teacher[next]);
            var teacher1 = element.LoadVector(ref teacher[next + step]);
            var student0 = element.LoadVector(ref student[next]);
            var student1 = element.LoadVector(ref student[next + step]);
            plain.First = next;
            element.StoreVector(ref gradient[next], element.Map(teacher0, student0, ref plain));
            plain.First = next + step;
            element.StoreVector(ref gradient[next + step], element.Map(teacher1, student1, ref plain));
        }
        if (next < span.Tail)
        {
            plain.First = next;
            var value = element.Map(element.LoadVector(ref teacher[next]), element.LoadVector(ref student[next]), ref plain);
            element.StoreVector(ref gradient[next], value);
        }
        if (hasEdge)
        {
            plain.First = edge;
            element.Store(ref gradient[edge], plain.Map(edgeTeacher, edgeStudent, 0));
        }
        return result;
    }

    /// <summary>Takes the vectors from <paramref name="start"/> on, each <paramref name="step"/> elements apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate<T, TElement, TMetrics>(
        TElement element, ArrayView<T> teacher, ArrayView<T> student, int start, int end, int step, ref KlOnline<TMetrics> online)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TMetrics : struct, IFlag
    {
        int c = start;
        // Two vectors of each side at a time: the loads of both are under way before the first is looked at.
        for (; c + step < end; c += Unrolled * step)
        {
            var teacher0 = element.LoadVector(ref teacher[c]);
            var teacher1 = element.LoadVector(ref teacher[c + step]);
            var student0 = element.LoadVector(ref student[c]);
            var student1 = element.LoadVector(ref student[c + step]);
            var max = online.Begin;
            element.Each(teacher0, student0, ref max);
            element.Each(teacher1, student1, ref max);
            online.Raise(max);
            online.First = c;
            element.Each(teacher0, student0, ref online);
            online.First = c + step;
            element.Each(teacher1, student1, ref online);
        }
        if (c >= end) return;
        var teacherLast = element.LoadVector(ref teacher[c]);
        var studentLast = element.LoadVector(ref student[c]);
        var last = online.Begin;
        element.Each(teacherLast, studentLast, ref last);
        online.Raise(last);
        online.First = c;
        element.Each(teacherLast, studentLast, ref online);
    }

    /// <summary>Takes one element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate<TMetrics>(float teacher, float student, int position, ref KlOnline<TMetrics> online)
        where TMetrics : struct, IFlag
    {
        var max = online.Begin;
        max.Visit(teacher, student, 0);
        online.Raise(max);
        online.First = position;
        online.Visit(teacher, student, 0);
    }
}
