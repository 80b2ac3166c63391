namespace KdKernels.Core;

/// <summary>f-divergences of the rows that the kernels cannot take: see <see cref="KlCareful"/>.</summary>
internal static unsafe class RatioCareful
{
    /// <summary>Σ p·f(q/p); the slopes go to the row's two spare arrays.</summary>
    public static double Sum<TVector, TTerm>(in CarefulRow row, double weight, out RatioSums sums)
        where TTerm : struct, IRatioTerm<TVector>
    {
        sums = default;
        for (long c = 0; c < row.Classes; c++)
        {
            double p = row.P[c], q = row.Q[c];
            RatioValue value = TTerm.Careful(p, q, row.Y[c], weight);
            row.StudentSpare[c] = value.StudentSlope;
            row.TeacherSpare[c] = value.TeacherSlope;
            sums.Value += value.Term;
            // A class without mass has no gradient, whatever its slope.
            if (q != 0)
            {
                sums.Student += q * value.StudentSlope;
                sums.StudentRest += q * (1 - value.StudentSlope);
            }

            if (p != 0)
            {
                sums.Teacher += p * value.TeacherSlope;
                sums.TeacherRest += p * (1 - value.TeacherSlope);
            }
        }

        return sums.Value;
    }

    /// <summary>The gradients, with everything that multiplies them in <paramref name="scale"/>.</summary>
    public static void WriteGradients(in CarefulRow row, in RatioSums sums, double scale, bool hasSigns)
    {
        Centre(row.StudentSpare, row.Q, row.Classes, sums.Student, sums.StudentRest, scale, hasSigns);
        Centre(row.TeacherSpare, row.P, row.Classes, sums.Teacher, sums.TeacherRest, scale, hasSigns);
        row.Scatter();
    }

    private static void Centre(
        double* slopes, double* mass, long classes, double mean, double rest, double scale, bool hasSigns)
    {
        for (long c = 0; c < classes; c++)
        {
            double centred = hasSigns ? (slopes[c] * rest) - ((1 - slopes[c]) * mean) : slopes[c] - mean;
            slopes[c] = mass[c] == 0 ? 0 : scale * mass[c] * centred;
        }
    }
}
