using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Match;

/// <summary>
/// Sums over a row pair or a part of it: ‖s‖², ‖t‖², and with e = s − ρt the sums ‖e‖² and ⟨e, t⟩. In these terms nearly
/// parallel rows keep the digits of their difference, where ⟨s, t⟩ has none, and sums at different ρ can be added.
/// </summary>
public struct MatchSums
{
    /// <summary>Numbers of a part in the workspace.</summary>
    public const int Count = 5;

    public double Student;
    public double Teacher;
    public double Difference;
    public double Along;

    /// <summary>ρ.</summary>
    public double Ratio;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<double> part)
    {
        part[0] = Student;
        part[1] = Teacher;
        part[2] = Difference;
        part[3] = Along;
        part[4] = Ratio;
    }

    /// <summary>
    /// The sums of a row, measured in <paramref name="scale"/>, from those of its parts. A warp calls it together; every lane gets
    /// the same bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MatchSums Combine(ArrayView<double> parts, int count, out MatchScale scale)
    {
        int lane = Group.IdxX & 31;
        double student = 0;
        double teacher = 0;
        for (int part = lane; part < count; part += 32)
        {
            student += Ptx.LoadShared(ref parts[part * Count]);
            teacher += Ptx.LoadShared(ref parts[(part * Count) + 1]);
        }
        student = WarpReduce.Sum(student, 16);
        teacher = WarpReduce.Sum(teacher, 16);
        scale = MatchScale.Of((float)Ptx.SquareRoot(student), (float)Ptx.SquareRoot(teacher));

        MatchSums total;
        total.Student = student * scale.Student * scale.Student;
        total.Teacher = teacher * scale.Teacher * scale.Teacher;
        total.Ratio = MatchScale.Ratio((float)total.Student, (float)total.Teacher);
        double difference = 0;
        double along = 0;
        for (int part = lane; part < count; part += 32)
        {
            double ofTeacher = Ptx.LoadShared(ref parts[(part * Count) + 1]) * scale.Teacher * scale.Teacher;
            double e = Ptx.LoadShared(ref parts[(part * Count) + 2]) * scale.Student * scale.Student;
            double x = Ptx.LoadShared(ref parts[(part * Count) + 3]) * scale.Student * scale.Teacher;
            double ratio = Ptx.LoadShared(ref parts[(part * Count) + 4]) * scale.Student * scale.InverseTeacher;
            // e at the row's ρ is e at the part's plus so much of t.
            double shift = ratio - total.Ratio;
            difference += e + (shift * ((2 * x) + (shift * ofTeacher)));
            along += x + (shift * ofTeacher);
        }
        total.Difference = WarpReduce.Sum(difference, 16);
        total.Along = WarpReduce.Sum(along, 16);
        return total;
    }
}

/// <summary>
/// Powers of two that both rows are multiplied by, so that no square leaves single precision.
/// </summary>
public struct MatchScale
{
    public float Student;
    public float Teacher;
    public float InverseStudent;
    public float InverseTeacher;

    /// <summary>From a size of each: its largest element, or its norm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MatchScale Of(float student, float teacher)
    {
        uint ofStudent = Exponent(student);
        uint ofTeacher = Exponent(teacher);
        MatchScale scale;
        scale.InverseStudent = Interop.IntAsFloat(ofStudent << 23);
        scale.InverseTeacher = Interop.IntAsFloat(ofTeacher << 23);
        scale.Student = Interop.IntAsFloat((254u - ofStudent) << 23);
        scale.Teacher = Interop.IntAsFloat((254u - ofTeacher) << 23);
        return scale;
    }

    /// <summary>A ρ near √(a/b); 1 where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Ratio(float a, float b)
    {
        float ratio = a * Ptx.ReciprocalSquareRoot(a * b);
        return a * b > 0f & ratio > 0f & Numbers.IsFinite(ratio) ? ratio : 1f;
    }

    // Of a normal number neither among the smallest nor the largest, so that the power and its inverse are normal too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Exponent(float size)
    {
        int exponent = (int)(Interop.FloatAsInt(size) >> 23) & 255;
        return (uint)IntrinsicMath.Max(1, IntrinsicMath.Min(253, exponent));
    }
}
