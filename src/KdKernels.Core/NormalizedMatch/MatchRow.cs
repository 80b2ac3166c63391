namespace KdKernels.Core;

/// <summary>
/// What is known of a row pair: ‖s‖² and ‖t‖² after the first pass; E = ‖e‖² and F = ⟨e, s + ρt⟩ of e = s − ρt after the
/// second.
/// </summary>
internal struct MatchRow
{
    public double SquaredStudent;
    public double SquaredTeacher;
    public double Difference;
    public double Excess;

    /// <summary>The row is computed in double although it is stored in single precision.</summary>
    public bool IsWide;

    /// <summary>ρ, as the kernels have it: rounded to their element type.</summary>
    public double Ratio;

    /// <summary>What is missing from ρ to the ratio of the two divisors.</summary>
    public double Correction;

    /// <summary>κ = ⟨ŝ, ŝ − t̂⟩; not used where the student's norm is clamped.</summary>
    public double Radial;

    public double Loss;

    // Squares of float32 rows within these neither overflow nor lose digits to gradual underflow.
    private const double SmallestSingle = 1e-30;
    private const double LargestSingle = 1e30;

    private double divisorStudent;
    private double divisorTeacher;
    private bool clampsStudent;

    /// <summary>Whether single precision will do; a NaN will not.</summary>
    public readonly bool FitsSingle =>
        SquaredStudent is >= SmallestSingle and <= LargestSingle
        && SquaredTeacher is >= SmallestSingle and <= LargestSingle;

    /// <summary>After the first pass.</summary>
    public void SetRatio(double epsilon, bool single)
    {
        // Math.Max passes a NaN on.
        divisorStudent = Math.Max(Math.Sqrt(SquaredStudent), epsilon);
        divisorTeacher = Math.Max(Math.Sqrt(SquaredTeacher), epsilon);
        double ratio = divisorStudent / divisorTeacher;
        Ratio = single ? (float)ratio : ratio;
    }

    /// <summary>After the second pass.</summary>
    public void SetLoss(double epsilon)
    {
        clampsStudent = Math.Sqrt(SquaredStudent) < epsilon;
        bool clampsTeacher = Math.Sqrt(SquaredTeacher) < epsilon;
        double inverse = 1 / (divisorStudent * divisorStudent);
        if (!clampsStudent && !clampsTeacher)
        {
            double scaled = Ratio * divisorTeacher;
            double lengths = Excess / (divisorStudent + scaled);
            Correction = lengths / divisorTeacher;
            // Rounding may leave less than nothing of parallel rows; Math.Max passes a NaN on.
            Loss = Math.Max(0, Difference - (lengths * lengths)) / (divisorStudent * scaled);
            Radial = Loss / 2;
            return;
        }

        // A clamped divisor is eps, so the ratio is known; ‖e − Δt‖² follows from 2ρ⟨e, t⟩ = F − E and 2⟨s, e⟩ = F + E.
        Correction = (divisorStudent / divisorTeacher) - Ratio;
        double shift = Correction / Ratio;
        Loss = inverse * (Difference - (shift * (Excess - Difference)) + (Correction * Correction * SquaredTeacher));
        double along = (Excess + Difference) / 2;
        Radial = inverse * (along - (shift * (SquaredStudent - along)));
    }

    /// <summary>
    /// What multiplies e − Δt − κs to give the gradient for an upstream gradient: 0 for a student's row below eps, whose gradient
    /// over eps would be 10¹² times that of the others.
    /// </summary>
    public readonly double GradientFactor(double upstream) =>
        clampsStudent ? 0 : 2 * upstream / (divisorStudent * divisorStudent);
}
