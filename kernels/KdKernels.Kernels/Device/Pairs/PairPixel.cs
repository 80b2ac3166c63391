using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// A row whose classes lie far apart, as in [N, C, H, W]: one thread walks it while its neighbours walk the rows beside it, so
/// that every load of a warp is one piece of memory.
/// </summary>
public struct PairPixel<T, TElement, TTerm> : IPairWalk<ThreadGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TTerm : struct, IPairTerm
{
    private KlRowMemory<T> memory;
    private TElement element;
    private int classes;
    private int label;

    public float LabelTeacher { get; private set; }

    public float LabelStudent { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(in KlArguments<T> a, long row, int labelOfRow)
    {
        element.BeginPhase(0, 0);
        memory = KlRowMemory<T>.Of(a, row);
        classes = a.Classes;
        label = labelOfRow;
        LabelTeacher = float.NaN;
        LabelStudent = float.NaN;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlSums Sum(ref ThreadGroup group, float scale)
    {
        PairOnlineFour online = default;
        online.Online.Reset(scale);
        PairLabel taken = default;
        taken.Teacher = float.NaN;
        taken.Student = float.NaN;
        int c = 0;
        // Four classes at a time: eight loads under way.
        for (; c + 3 < classes; c += 4)
        {
            float t0 = memory.LoadTeacher(element, c);
            float t1 = memory.LoadTeacher(element, c + 1);
            float t2 = memory.LoadTeacher(element, c + 2);
            float t3 = memory.LoadTeacher(element, c + 3);
            float s0 = memory.LoadStudent(element, c);
            float s1 = memory.LoadStudent(element, c + 1);
            float s2 = memory.LoadStudent(element, c + 2);
            float s3 = memory.LoadStudent(element, c + 3);
            // The label's logits are taken on the way: a warp's labels lie in as many pieces of memory as it has lanes.
            if (default(TTerm).HasLabel)
            {
                taken.Take(ref t0, ref s0, label == c);
                taken.Take(ref t1, ref s1, label == c + 1);
                taken.Take(ref t2, ref s2, label == c + 2);
                taken.Take(ref t3, ref s3, label == c + 3);
            }
            online.Add(t0, s0, t1, s1, t2, s2, t3, s3);
        }
        for (; c < classes; c++)
        {
            float t = memory.LoadTeacher(element, c);
            float s = memory.LoadStudent(element, c);
            if (default(TTerm).HasLabel) taken.Take(ref t, ref s, label == c);
            KlStream.Accumulate(t, s, c, ref online.Online);
        }
        LabelTeacher = taken.Teacher;
        LabelStudent = taken.Student;
        return online.Online.Combine(ref group);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Each<TVisitor>(ref TVisitor visitor, int phase)
        where TVisitor : struct, IPairVisitor
    {
        for (int c = 0; c < classes; c++)
        {
            float t = memory.LoadTeacher(element, c);
            float s = memory.LoadStudent(element, c);
            bool isLabel = default(TTerm).HasLabel & c == label;
            visitor.Visit(isLabel ? Others<TVisitor>.Absent : t, isLabel ? Others<TVisitor>.Absent : s, 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TMap>(ref TMap map, int phase)
        where TMap : struct, ILabelMap
    {
        for (int c = 0; c < classes; c++)
        {
            float gradient = map.Map(memory.LoadTeacher(element, c), memory.LoadStudent(element, c), 0);
            if (default(TTerm).HasLabel & c == label) gradient = map.AtLabel;
            if (default(TTerm).IsReversed) memory.StoreTeacher(element, c, gradient);
            else memory.StoreStudent(element, c, gradient);
        }
    }
}

/// <summary>A label's logits, taken out of a row.</summary>
public struct PairLabel
{
    public float Teacher;
    public float Student;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(ref float t, ref float s, bool isLabel)
    {
        Teacher = isLabel ? t : Teacher;
        Student = isLabel ? s : Student;
        t = isLabel ? Others<KlMaxVisitor>.Absent : t;
        s = isLabel ? Others<KlMaxVisitor>.Absent : s;
    }
}

/// <summary>Running sums that take four classes at a time.</summary>
public struct PairOnlineFour
{
    public KlOnline<Off> Online;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float t0, float s0, float t1, float s1, float t2, float s2, float t3, float s3)
    {
        var max = Online.Begin;
        max.Visit(t0, s0, 0);
        max.Visit(t1, s1, 1);
        max.Visit(t2, s2, 2);
        max.Visit(t3, s3, 3);
        Online.Raise(max);
        Online.Visit(t0, s0, 0);
        Online.Visit(t1, s1, 1);
        Online.Visit(t2, s2, 2);
        Online.Visit(t3, s3, 3);
    }
}
