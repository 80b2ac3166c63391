using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// A row of any length, read again for each walk after the first: from L2 if the launcher keeps few enough rows in flight. Few
/// registers, so that enough warps hide what the loads wait for.
/// </summary>
public struct PairStream<T, TElement, TGroup, TTerm> : IPairWalk<TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TTerm : struct, IPairTerm
{
    private ArrayView<T> student;
    private ArrayView<T> teacher;
    private ArrayView<T> gradient;
    private TElement element;
    private int zero;
    private int start;
    private int tail;
    private int edge;
    private int label;
    private float edgeTeacher;
    private float edgeStudent;

    public float LabelTeacher { get; private set; }

    public float LabelStudent { get; private set; }

    private static int Step => default(TGroup).Size * default(TElement).PerVector;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(in KlArguments<T> a, TGroup group, long row, int labelOfRow)
    {
        element.BeginPhase(a.Zero, 1);
        zero = a.Zero;
        label = labelOfRow;
        var index = RowIndex.Of(row, a.Inner);
        student = a.Student.SubView(a.StudentStrides.Row(index));
        teacher = a.Teacher.SubView(a.TeacherStrides.Row(index));
        var span = RowSpan.Of<T, TElement>(element.AddressOf(ref student[0]), a.Classes);
        start = span.Head + (group.Rank * element.PerVector);
        tail = span.Tail;
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
        KlOnline<Off> online = default;
        online.Reset(scale);
        int c = start;
        // Two vectors of each side at a time: the loads of both are under way before the first is looked at.
        for (; c + Step < tail; c += 2 * Step)
        {
            var teacher0 = element.LoadVector(ref teacher[c]);
            var teacher1 = element.LoadVector(ref teacher[c + Step]);
            var student0 = element.LoadVector(ref student[c]);
            var student1 = element.LoadVector(ref student[c + Step]);
            var max = online.Begin;
            Show(teacher0, student0, c, ref max);
            Show(teacher1, student1, c + Step, ref max);
            online.Raise(max);
            Show(teacher0, student0, c, ref online);
            Show(teacher1, student1, c + Step, ref online);
        }
        if (c < tail)
        {
            var teacherLast = element.LoadVector(ref teacher[c]);
            var studentLast = element.LoadVector(ref student[c]);
            var max = online.Begin;
            Show(teacherLast, studentLast, c, ref max);
            online.Raise(max);
            Show(teacherLast, studentLast, c, ref online);
        }
        if (edge >= 0) KlStream.Accumulate(edgeTeacher, edgeStudent, edge, ref online);
        return online.Combine(ref group);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Each<TVisitor>(ref TVisitor visitor, int phase)
        where TVisitor : struct, IPairVisitor
    {
        element.BeginPhase(zero, phase);
        int c = start;
        for (; c + Step < tail; c += 2 * Step)
        {
            var teacher0 = element.LoadVector(ref teacher[c]);
            var teacher1 = element.LoadVector(ref teacher[c + Step]);
            var student0 = element.LoadVector(ref student[c]);
            var student1 = element.LoadVector(ref student[c + Step]);
            Show(teacher0, student0, c, ref visitor);
            Show(teacher1, student1, c + Step, ref visitor);
        }
        if (c < tail) Show(element.LoadVector(ref teacher[c]), element.LoadVector(ref student[c]), c, ref visitor);
        if (edge >= 0) visitor.Visit(edgeTeacher, edgeStudent, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TMap>(ref TMap map, int phase)
        where TMap : struct, ILabelMap
    {
        element.BeginPhase(zero, phase);
        int c = start;
        for (; c + Step < tail; c += 2 * Step)
        {
            var teacher0 = element.LoadVector(ref teacher[c]);
            var teacher1 = element.LoadVector(ref teacher[c + Step]);
            var student0 = element.LoadVector(ref student[c]);
            var student1 = element.LoadVector(ref student[c + Step]);
            element.StoreVector(ref gradient[c], Map(teacher0, student0, c, ref map));
            element.StoreVector(ref gradient[c + Step], Map(teacher1, student1, c + Step, ref map));
        }
        if (c < tail)
        {
            var value = Map(element.LoadVector(ref teacher[c]), element.LoadVector(ref student[c]), c, ref map);
            element.StoreVector(ref gradient[c], value);
        }
        if (edge < 0) return;
        float last = map.Map(edgeTeacher, edgeStudent, 0);
        element.Store(ref gradient[edge], default(TTerm).HasLabel & edge == label ? map.AtLabel : last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Show<TVisitor>(U4 first, U4 second, int position, ref TVisitor visitor)
        where TVisitor : struct, IPairVisitor
    {
        if (default(TTerm).HasLabel)
        {
            Others<TVisitor> others;
            others.Inner = visitor;
            others.Label = label - position;
            element.Each(first, second, ref others);
            visitor = others.Inner;
        }
        else
        {
            element.Each(first, second, ref visitor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly U4 Map<TMap>(U4 first, U4 second, int position, ref TMap map)
        where TMap : struct, ILabelMap
    {
        if (!default(TTerm).HasLabel) return element.Map(first, second, ref map);
        WithLabel<TMap> withLabel;
        withLabel.Inner = map;
        withLabel.Label = label - position;
        return element.Map(first, second, ref withLabel);
    }
}
