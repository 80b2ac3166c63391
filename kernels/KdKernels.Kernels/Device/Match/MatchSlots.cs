using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Match;

/// <summary>Four elements of both rows.</summary>
public struct MatchPair
{
    public Quad S;
    public Quad T;
}

/// <summary>Fills the slots from memory.</summary>
public struct MatchLoad<T, TMemory> : ISlotVisitor<MatchPair>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
{
    /// <summary>The rows from this thread's first element of the part on.</summary>
    public ArrayView<T> Student;
    public ArrayView<T> Teacher;
    public long StudentStep;
    public long TeacherStep;

    /// <summary>Elements from there on.</summary>
    public int Left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MatchPair slot, int index)
    {
        slot.S = default(TMemory).Load(Student, index * 1024, Left, StudentStep, 256, 0f);
        slot.T = default(TMemory).Load(Teacher, index * 1024, Left, TeacherStep, 256, 0f);
    }
}

/// <summary>The largest absolute values; a NaN is passed over.</summary>
public struct MatchLargest : ISlotVisitor<MatchPair>
{
    public float Student;
    public float Teacher;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MatchPair slot, int index)
    {
        Student = IntrinsicMath.Max(Student, Largest(slot.S));
        Teacher = IntrinsicMath.Max(Teacher, Largest(slot.T));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Quad quad) => IntrinsicMath.Max(
        IntrinsicMath.Max(IntrinsicMath.Abs(quad.X), IntrinsicMath.Abs(quad.Y)),
        IntrinsicMath.Max(IntrinsicMath.Abs(quad.Z), IntrinsicMath.Abs(quad.W)));
}

/// <summary>Scales the elements.</summary>
public struct MatchRescale : ISlotVisitor<MatchPair>
{
    public float Student;
    public float Teacher;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MatchPair slot, int index)
    {
        slot.S = slot.S.Times(Student);
        slot.T = slot.T.Times(Teacher);
    }
}

/// <summary>‖s‖² in X and ‖t‖² in Y.</summary>
public struct MatchNorms : ISlotVisitor<MatchPair>
{
    public Quad Sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MatchPair slot, int index)
    {
        Sums.AddDot(0, slot.S, slot.S);
        Sums.AddDot(1, slot.T, slot.T);
    }
}

/// <summary>‖e‖² in X and ⟨e, t⟩ in Y.</summary>
public struct MatchDifferences : ISlotVisitor<MatchPair>
{
    public Quad Sums;
    public float Ratio;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MatchPair slot, int index)
    {
        Quad e = slot.S.Plus(slot.T, -Ratio);
        Sums.AddDot(0, e, e);
        Sums.AddDot(1, e, slot.T);
    }
}

/// <summary>Writes the gradient of scaled elements.</summary>
public struct MatchStore<T, TMemory> : ISlotVisitor<MatchPair>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
{
    public ArrayView<T> Gradient;
    public long Step;
    public int Left;
    public MatchRow Row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MatchPair slot, int index)
    {
        Quad gradient;
        gradient.X = Row.Gradient(slot.S.X, slot.T.X);
        gradient.Y = Row.Gradient(slot.S.Y, slot.T.Y);
        gradient.Z = Row.Gradient(slot.S.Z, slot.T.Z);
        gradient.W = Row.Gradient(slot.S.W, slot.T.W);
        default(TMemory).Store(Gradient, index * 1024, Left, Step, 256, gradient);
    }
}
