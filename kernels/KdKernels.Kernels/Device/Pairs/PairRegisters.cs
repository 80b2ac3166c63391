using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// A row that stays in registers, as it lies in memory: read once, whatever is computed from it. Sixteen bytes at a time from the
/// first aligned element on; what stands before it and behind the last whole vector goes one element to a thread.
/// </summary>
public struct PairRegisters<T, TElement, TGroup, TTerm, TSlots> : IPairWalk<TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TTerm : struct, IPairTerm
    where TSlots : unmanaged, ISlots<KlPair>
{
    private TSlots slots;
    private TElement element;
    private ArrayView<T> gradient;
    private int zero;
    private int left;
    private int start;
    private int edge;
    private int label;
    private float edgeTeacher;
    private float edgeStudent;

    public float LabelTeacher { get; private set; }

    public float LabelStudent { get; private set; }

    /// <summary>Reads a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(in KlArguments<T> a, TGroup group, long row, int labelOfRow)
    {
        element.BeginPhase(a.Zero, 1);
        zero = a.Zero;
        label = labelOfRow;
        var index = RowIndex.Of(row, a.Inner);
        var student = a.Student.SubView(a.StudentStrides.Row(index));
        var teacher = a.Teacher.SubView(a.TeacherStrides.Row(index));
        var span = RowSpan.Of<T, TElement>(element.AddressOf(ref student[0]), a.Classes);
        start = span.Head + (group.Rank * element.PerVector);
        KlLoad<T, TElement, TGroup> load;
        load.Teacher = teacher.SubView(start);
        load.Student = student.SubView(start);
        load.Left = span.Vectors - group.Rank;
        slots.Each(ref load, 0);
        left = load.Left;
        edge = span.Edge(group.Rank);
        bool hasEdge = edge >= 0 & !(default(TTerm).HasLabel & edge == label);
        edgeTeacher = hasEdge ? element.Load(ref teacher[edge]) : Others<KlMaxVisitor>.Absent;
        edgeStudent = hasEdge ? element.Load(ref student[edge]) : Others<KlMaxVisitor>.Absent;
        if (default(TTerm).HasLabel)
        {
            LabelTeacher = label < 0 ? float.NaN : element.Load(ref teacher[label < 0 ? 0 : label]);
            LabelStudent = label < 0 ? float.NaN : element.Load(ref student[label < 0 ? 0 : label]);
        }

        gradient = default(TTerm).IsReversed ? a.TeacherGradient : a.StudentGradient;
        long offset = default(TTerm).IsReversed ? a.TeacherGradientStrides.Row(index) : a.StudentGradientStrides.Row(index);
        gradient = gradient.SubView(gradient.Length > 0 ? offset : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlSums Sum(ref TGroup group, float scale)
    {
        KlMaxVisitor max;
        max.Teacher = Numbers.Lowest;
        max.Student = Numbers.Lowest;
        Each(ref max, 1);
        group.Max(ref max.Teacher, ref max.Student, 0);
        KlSumVisitor<Off, Off> sum = default;
        sum.Sums = KlSums.Empty;
        sum.Sums.TeacherMax = max.Teacher;
        sum.Sums.StudentMax = max.Student;
        sum.Scale = scale;
        Each(ref sum, 2);
        KlReduce.Add<TGroup, Off>(ref group, ref sum.Sums);
        return sum.Sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Each<TVisitor>(ref TVisitor visitor, int phase)
        where TVisitor : struct, IPairVisitor
    {
        PairVisit<T, TElement, TGroup, TTerm, TVisitor> visit;
        visit.Element = element;
        visit.Element.BeginPhase(zero, phase);
        visit.Visitor = visitor;
        visit.Left = left;
        visit.Label = label - start;
        slots.Each(ref visit, 0);
        if (edge >= 0) visit.Visitor.Visit(edgeTeacher, edgeStudent, 0);
        visitor = visit.Visitor;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TMap>(ref TMap map, int phase)
        where TMap : struct, ILabelMap
    {
        PairStore<T, TElement, TGroup, TTerm, TMap> store;
        store.Element = element;
        store.Element.BeginPhase(zero, phase);
        store.Map = map;
        store.Left = left;
        store.Label = label - start;
        store.Gradient = gradient.SubView(start);
        slots.Each(ref store, 0);
        if (edge < 0) return;
        float value = map.Map(edgeTeacher, edgeStudent, 0);
        element.Store(ref gradient[edge], default(TTerm).HasLabel & edge == label ? map.AtLabel : value);
    }
}

/// <summary>Shows every element pair to a visitor, the label's as one without mass if the term has one.</summary>
public struct PairVisit<T, TElement, TGroup, TTerm, TVisitor> : ISlotVisitor<KlPair>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TTerm : struct, IPairTerm
    where TVisitor : struct, IPairVisitor
{
    public TElement Element;
    public TVisitor Visitor;

    /// <summary>Vectors of the row from this thread's first one on.</summary>
    public int Left;

    /// <summary>The label, counted from this thread's first element.</summary>
    public int Label;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref KlPair slot, int index)
    {
        int vector = index * default(TGroup).Size;
        if (vector >= Left) return;
        if (default(TTerm).HasLabel)
        {
            Others<TVisitor> others;
            others.Inner = Visitor;
            others.Label = Label - (vector * default(TElement).PerVector);
            Element.Each(slot.Teacher, slot.Student, ref others);
            Visitor = others.Inner;
        }
        else
        {
            Element.Each(slot.Teacher, slot.Student, ref Visitor);
        }
    }
}

/// <summary>Writes the gradient that a map makes.</summary>
public struct PairStore<T, TElement, TGroup, TTerm, TMap> : ISlotVisitor<KlPair>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TTerm : struct, IPairTerm
    where TMap : struct, ILabelMap
{
    public TElement Element;
    public TMap Map;

    /// <summary>The gradient's row from this thread's first vector on.</summary>
    public ArrayView<T> Gradient;

    public int Left;
    public int Label;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref KlPair slot, int index)
    {
        int vector = index * default(TGroup).Size;
        if (vector >= Left) return;
        int offset = vector * default(TElement).PerVector;
        U4 value;
        if (default(TTerm).HasLabel)
        {
            WithLabel<TMap> map;
            map.Inner = Map;
            map.Label = Label - offset;
            value = Element.Map(slot.Teacher, slot.Student, ref map);
        }
        else
        {
            value = Element.Map(slot.Teacher, slot.Student, ref Map);
        }
        default(TElement).StoreVector(ref Gradient[offset], value);
    }
}
