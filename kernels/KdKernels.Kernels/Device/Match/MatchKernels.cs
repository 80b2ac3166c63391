using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Match;

/// <summary>
/// The kernels of NormalizedMatch. A block of 256 threads holds a part of a row pair in registers, a row of one part from its
/// first read to its gradient.
/// </summary>
public static class MatchKernels
{
    /// <summary>
    /// The sums of every part, the losses, and the gradient of rows that are one part. Rows of more parts are combined by the block
    /// that is done last; <see cref="Gradients{T, TMemory, TSlots}"/> writes their gradient.
    /// </summary>
    public static void Sums<T, TMemory, TSlots>(MatchArguments<T> a)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
        where TSlots : unmanaged, ISlots<MatchPair>
    {
        var shared = SharedMemory.Allocate<float>(QuadGroups.SharedFloats);
        var coefficients = SharedMemory.Allocate<float>(8);
        var ticket = SharedMemory.Allocate<int>(32);
        var doubles = SharedMemory.Allocate<double>(8 * 8);
        QuadBlock group = default;
        group.Begin(shared);
        long units = a.Rows * a.Parts;
        for (long unit = Grid.IdxX; unit < units; unit += Grid.DimX)
        {
            var place = RowIndex.Of(unit, a.Parts);
            TSlots slots = default;
            Load<T, TMemory, TSlots>(a, place, ref slots);
            MatchLargest largest = default;
            slots.Each(ref largest, 0);
            var scale = MatchScale.Of(group.Max(largest.Student, 2), group.Max(largest.Teacher, 3));
            MatchRescale rescale;
            rescale.Student = scale.Student;
            rescale.Teacher = scale.Teacher;
            slots.Each(ref rescale, 0);
            MatchNorms norms = default;
            slots.Each(ref norms, 0);
            group.Sum(ref norms.Sums, 0);
            MatchDifferences differences = default;
            differences.Ratio = MatchScale.Ratio(norms.Sums.X, norms.Sums.Y);
            slots.Each(ref differences, 0);
            group.Sum(ref differences.Sums, 1);

            if (Group.IdxX == 0)
            {
                MatchSums sums;
                sums.Student = norms.Sums.X;
                sums.Teacher = norms.Sums.Y;
                sums.Difference = differences.Sums.X;
                sums.Along = differences.Sums.Y;
                sums.Ratio = differences.Ratio;
                if (a.Parts > 1)
                    StorePart(a, unit, sums, scale);
                else
                    FinishRow(a, place.Outer, sums, scale, coefficients);
            }
            if (a.Parts > 1 | a.Gradient.Length == 0) continue;
            Group.Barrier();
            Store<T, TMemory, TSlots>(a, place, MatchRow.Load(coefficients), ref slots);
        }

        if (a.Loss.Length == 0 | (a.Parts == 1 & a.PerRow != 0)) return;
        if (!LastBlock.IsThis(a.Counters, ticket)) return;
        if (a.Parts > 1) CombineRows(a);
        if (a.PerRow == 0)
        {
            LastBlock.Sum(a.Sums, a.Rows, 1, 256, doubles);
            if (Group.IdxX == 0) a.Loss[0] = (float)(doubles[0] * a.InverseDivisor);
        }
        if (Group.IdxX == 0) a.Counters[0] = 0;
    }

    /// <summary>
    /// The gradient of rows of several parts, from the parts' sums. Last parts first: they are what the L2 cache still has.
    /// </summary>
    public static void Gradients<T, TMemory, TSlots>(MatchArguments<T> a)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
        where TSlots : unmanaged, ISlots<MatchPair>
    {
        var coefficients = SharedMemory.Allocate<float>(8);
        long units = a.Rows * a.Parts;
        for (long unit = units - 1 - Grid.IdxX; unit >= 0; unit -= Grid.DimX)
        {
            var place = RowIndex.Of(unit, a.Parts);
            TSlots slots = default;
            Load<T, TMemory, TSlots>(a, place, ref slots);
            if (Group.IdxX < 32)
            {
                var sums = MatchSums.Combine(PartsOf(a, place.Outer), a.Parts, out var scale);
                var row = MatchRow.Of(sums, scale, a.Epsilon, Upstream(a, place.Outer));
                if (Group.IdxX == 0) row.Store(coefficients, scale);
            }
            Group.Barrier();
            MatchRescale rescale;
            rescale.Student = coefficients[4];
            rescale.Teacher = coefficients[5];
            slots.Each(ref rescale, 0);
            Store<T, TMemory, TSlots>(a, place, MatchRow.Load(coefficients), ref slots);
            Group.Barrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<T, TMemory, TSlots>(in MatchArguments<T> a, RowIndex place, ref TSlots slots)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
        where TSlots : unmanaged, ISlots<MatchPair>
    {
        var index = RowIndex.Of(place.Outer, a.Inner);
        int first = ((int)place.Inner * default(TSlots).Count * 1024) + default(TMemory).First(Group.IdxX);
        MatchLoad<T, TMemory> load;
        load.Student = a.Student.SubView(a.StudentStrides.Row(index) + (first * a.StudentStrides.Element));
        load.Teacher = a.Teacher.SubView(a.TeacherStrides.Row(index) + (first * a.TeacherStrides.Element));
        load.StudentStep = a.StudentStrides.Element;
        load.TeacherStep = a.TeacherStrides.Element;
        load.Left = a.Length - first;
        slots.Each(ref load, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T, TMemory, TSlots>(in MatchArguments<T> a, RowIndex place, MatchRow row, ref TSlots slots)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
        where TSlots : unmanaged, ISlots<MatchPair>
    {
        var index = RowIndex.Of(place.Outer, a.Inner);
        int first = ((int)place.Inner * default(TSlots).Count * 1024) + default(TMemory).First(Group.IdxX);
        MatchStore<T, TMemory> store;
        store.Gradient = a.Gradient.SubView(a.GradientStrides.Row(index) + (first * a.GradientStrides.Element));
        store.Step = a.GradientStrides.Element;
        store.Left = a.Length - first;
        store.Row = row;
        slots.Each(ref store, 0);
    }

    /// <summary>Leaves the sums of a part in their true size, which double has room for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePart<T>(in MatchArguments<T> a, long unit, MatchSums sums, MatchScale scale)
        where T : unmanaged
    {
        double student = scale.InverseStudent;
        double teacher = scale.InverseTeacher;
        sums.Student *= student * student;
        sums.Teacher *= teacher * teacher;
        sums.Difference *= student * student;
        sums.Along *= student * teacher;
        sums.Ratio *= student * scale.Teacher;
        sums.Store(a.Sums.SubView(a.Rows + (unit * MatchSums.Count)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishRow<T>(
        in MatchArguments<T> a, long index, MatchSums sums, MatchScale scale, ArrayView<float> coefficients)
        where T : unmanaged
    {
        var row = MatchRow.Of(sums, scale, a.Epsilon, Upstream(a, index));
        row.Store(coefficients, scale);
        WriteLoss(a, index, row.Loss);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CombineRows<T>(in MatchArguments<T> a)
        where T : unmanaged
    {
        for (long index = Group.IdxX >> 5; index < a.Rows; index += 8)
        {
            var sums = MatchSums.Combine(PartsOf(a, index), a.Parts, out var scale);
            var row = MatchRow.Of(sums, scale, a.Epsilon, 1);
            if ((Group.IdxX & 31) == 0) WriteLoss(a, index, row.Loss);
        }
        Group.Barrier();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteLoss<T>(in MatchArguments<T> a, long index, double loss)
        where T : unmanaged
    {
        if (a.Loss.Length == 0) return;
        if (a.PerRow != 0)
            a.Loss[index] = (float)loss;
        else
            a.Sums[index] = loss;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ArrayView<double> PartsOf<T>(in MatchArguments<T> a, long index)
        where T : unmanaged => a.Sums.SubView(a.Rows + (index * a.Parts * MatchSums.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Upstream<T>(in MatchArguments<T> a, long index)
        where T : unmanaged => (a.Upstream.Length > 0 ? a.Upstream[a.PerRow != 0 ? index : 0] : 1f) * a.InverseDivisor;
}
