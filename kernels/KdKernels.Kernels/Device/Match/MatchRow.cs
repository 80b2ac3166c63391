using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Match;

/// <summary>
/// What follows from a row pair's sums: the loss, and the gradient <c>Factor (s − ρt − Δt − κs)</c> in scaled elements. The
/// arithmetic of the CPU's MatchRow.
/// </summary>
public struct MatchRow
{
    public double Loss;

    /// <summary>ρ, as e was summed with.</summary>
    public float Ratio;

    /// <summary>Δ: what is missing from ρ to the ratio of the two divisors.</summary>
    public float Correction;

    /// <summary>κ = ⟨ŝ, ŝ − t̂⟩.</summary>
    public float Radial;

    public float Factor;

    /// <summary>From the sums of a row.</summary>
    /// <param name="sums">Of scaled elements.</param>
    /// <param name="scale">The scale.</param>
    /// <param name="epsilon">The smallest norm that is divided by.</param>
    /// <param name="upstream">Gradient of the row's loss.</param>
    public static MatchRow Of(MatchSums sums, MatchScale scale, double epsilon, double upstream)
    {
        float student = Root((float)sums.Student);
        float teacher = Root((float)sums.Teacher);
        double leastStudent = epsilon * scale.Student;
        double leastTeacher = epsilon * scale.Teacher;
        bool clampsStudent = student < leastStudent;
        bool clampsTeacher = teacher < leastTeacher;
        float ratio = (float)sums.Ratio;
        MatchRow row;
        row.Ratio = ratio;
        if (clampsStudent | clampsTeacher)
        {
            double a = clampsStudent ? leastStudent : student;
            double b = clampsTeacher ? leastTeacher : teacher;
            double correction = (a / b) - sums.Ratio;
            double inverse = 1.0 / (a * a);
            double difference = sums.Difference + (correction * ((correction * sums.Teacher) - (2 * sums.Along)));
            double along = sums.Difference + (sums.Ratio * sums.Along)
                - (correction * (sums.Along + (sums.Ratio * sums.Teacher)));
            row.Loss = difference * inverse;
            row.Correction = (float)correction;
            row.Radial = (float)(along * inverse);
            row.Factor = clampsStudent ? 0f : (float)(2 * upstream * scale.Student * inverse);
        }
        else
        {
            // Nothing below cancels, so that single precision keeps its digits: ‖s‖ − ρ‖t‖ comes from
            // ‖s‖² − ρ²‖t‖² = ⟨e, s + ρt⟩.
            float scaled = ratio * teacher;
            float lengths = (float)(sums.Difference + (2 * sums.Ratio * sums.Along)) * Ptx.Reciprocal(student + scaled);
            float rest = (float)(sums.Difference - ((double)lengths * lengths));
            // Rounding may leave less than nothing of parallel rows; a NaN passes.
            float loss = (rest < 0f ? 0f : rest) * Ptx.Reciprocal(student * scaled);
            row.Loss = loss;
            row.Correction = lengths * Ptx.Reciprocal(teacher);
            row.Radial = loss * 0.5f;
            row.Factor = (float)(2 * upstream * scale.Student * Ptx.Reciprocal(student * student));
        }

        bool finite = Numbers.IsFinite(student) & Numbers.IsFinite(teacher);
        row.Loss = finite ? row.Loss : double.NaN;
        row.Radial = finite ? row.Radial : float.NaN;
        return row;
    }

    /// <summary>Hands the gradient's numbers from one thread to all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> shared, MatchScale scale)
    {
        shared[0] = Ratio;
        shared[1] = Correction;
        shared[2] = Radial;
        shared[3] = Factor;
        shared[4] = scale.Student;
        shared[5] = scale.Teacher;
    }

    /// <summary>Takes them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MatchRow Load(ArrayView<float> shared)
    {
        MatchRow row;
        row.Loss = 0;
        row.Ratio = shared[0];
        row.Correction = shared[1];
        row.Radial = shared[2];
        row.Factor = shared[3];
        return row;
    }

    /// <summary>The gradient of one element from scaled ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gradient(float s, float t) =>
        Factor * Ptx.MultiplyAdd(-Radial, s, Ptx.MultiplyAdd(-Correction, t, Ptx.MultiplyAdd(-Ratio, t, s)));

    // 0 is no number's reciprocal root; a NaN passes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Root(float square) => square == 0f ? 0f : square * Ptx.ReciprocalSquareRoot(square);
}
