using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// A row that stays in registers, as it lies in memory: read once, whatever is computed from it. Sixteen bytes at a time from the
/// first aligned element on; what stands before it and behind the last whole vector goes one element to a thread.
/// </summary>
public static class KlResident
{
    /// <summary>Values and gradient of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlResult Row<T, TElement, TGroup, TMetrics, TSlots>(
        in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
        where TMetrics : struct, IFlag
        where TSlots : unmanaged, ISlots<KlPair>
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        var index = RowIndex.Of(row, a.Inner);
        var student = a.Student.SubView(a.StudentStrides.Row(index));
        var teacher = a.Teacher.SubView(a.TeacherStrides.Row(index));
        var span = RowSpan.Of<T, TElement>(element.AddressOf(ref student[0]), a.Classes);

        TSlots slots = default;
        int start = span.Head + (group.Rank * element.PerVector);
        KlLoad<T, TElement, TGroup> load;
        load.Teacher = teacher.SubView(start);
        load.Student = student.SubView(start);
        load.Left = span.Vectors - group.Rank;
        slots.Each(ref load, 0);
        int edge = span.Edge(group.Rank);
        bool hasEdge = edge >= 0;
        float edgeTeacher = hasEdge ? element.Load(ref teacher[edge]) : 0f;
        float edgeStudent = hasEdge ? element.Load(ref student[edge]) : 0f;

        KlVisit<T, TElement, TGroup, KlMaxVisitor> max;
        max.Element = element;
        max.Left = load.Left;
        max.Visitor.Teacher = Numbers.Lowest;
        max.Visitor.Student = Numbers.Lowest;
        slots.Each(ref max, 0);
        if (hasEdge) max.Visitor.Visit(edgeTeacher, edgeStudent, 0);
        group.Max(ref max.Visitor.Teacher, ref max.Visitor.Student, 0);

        KlVisitSum<T, TElement, TGroup, TMetrics> sum;
        sum.Element = element;
        sum.Element.BeginPhase(a.Zero, 2);
        sum.Left = load.Left;
        sum.Visitor = default;
        sum.Visitor.Sums = KlSums.Empty;
        sum.Visitor.Sums.TeacherMax = max.Visitor.Teacher;
        sum.Visitor.Sums.StudentMax = max.Visitor.Student;
        sum.Visitor.Scale = a.Scale;
        sum.Start = start;
        slots.Each(ref sum, 0);
        if (hasEdge)
        {
            sum.Visitor.First = edge;
            sum.Visitor.Visit(edgeTeacher, edgeStudent, 0);
        }
        KlReduce.Add<TGroup, TMetrics>(ref group, ref sum.Visitor.Sums);
        var sums = sum.Visitor.Sums;
        var normal = KlNormal.Of(sums, a.Scale);
        float divergence = KlReduce.Divergence(sums, normal);
        float labelLogit = default(TMetrics).Value ? element.Load(ref student[factors.Label < 0 ? 0 : factors.Label]) : 0f;
        var result = KlReduce.Metrics<TMetrics>(sums, normal, labelLogit, factors.Label);
        result.Kl = divergence;
        bool wantsGradient = a.StudentGradient.Length > 0;
        var gradient = a.StudentGradient.SubView(wantsGradient ? a.StudentGradientStrides.Row(index) : 0);
        if (divergence < element.SmallDivergence)
        {
            KlVisit<T, TElement, TGroup, KlCarefulVisitor> again;
            again.Element = element;
            again.Element.BeginPhase(a.Zero, 3);
            again.Left = load.Left;
            again.Visitor = default;
            again.Visitor.Normal = normal;
            again.Visitor.Normal.Centre(sums);
            again.Visitor.Exact = element.Exact;
            slots.Each(ref again, 0);
            if (hasEdge) again.Visitor.Visit(edgeTeacher, edgeStudent, 0);
            float unused = 0f;
            group.Sum(ref again.Visitor.First, ref again.Visitor.Gap, ref unused, 5);
            result.Kl = again.Visitor.Finish();
            bool stores = wantsGradient & Numbers.IsFinite(result.Kl);

            KlStore<T, TElement, TGroup, KlCarefulMap<TMetrics>> careful;
            careful.Element = element;
            careful.Element.BeginPhase(a.Zero, 4);
            careful.Left = load.Left;
            careful.Start = start;
            careful.Gradient = gradient.SubView(start);
            careful.Map = default;
            careful.Map.Normal = again.Visitor.Normal;
            careful.Map.Factors = factors;
            careful.Map.Exact = element.Exact;
            if (stores) slots.Each(ref careful, 0);
            if (hasEdge & stores)
            {
                careful.Map.Begin(edge);
                element.Store(ref gradient[edge], careful.Map.Map(edgeTeacher, edgeStudent, 0));
            }
        }
        else if (wantsGradient & Numbers.IsFinite(divergence))
        {
            KlStore<T, TElement, TGroup, KlGradientMap<TMetrics>> plain;
            plain.Element = element;
            plain.Element.BeginPhase(a.Zero, 5);
            plain.Left = load.Left;
            plain.Start = start;
            plain.Gradient = gradient.SubView(start);
            plain.Map = default;
            plain.Map.Normal = normal;
            plain.Map.Factors = factors;
            slots.Each(ref plain, 0);
            if (hasEdge)
            {
                plain.Map.Begin(edge);
                element.Store(ref gradient[edge], plain.Map.Map(edgeTeacher, edgeStudent, 0));
            }
        }

        // Excluded classes, or one of which the teacher has nothing that float32 shows.
        if (!Numbers.IsFinite(result.Kl))
        {
            return KlGeneral.Row<T, TElement, TGroup, TMetrics, Off>(
                a, ref group, element, KlRowMemory<T>.Of(a, row), factors);
        }
        return result;
    }
}
