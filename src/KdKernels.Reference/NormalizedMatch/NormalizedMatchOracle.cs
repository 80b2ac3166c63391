namespace KdKernels.Reference;

/// <summary>
/// The definition of NormalizedMatch in double: per row <c>ℓ = ‖ŝ − t̂‖²</c> with <c>ŝ = s / max(‖s‖, eps)</c> (likewise t̂),
/// which is 2 − 2 cos(s, t) where no norm is below eps; and its gradient by s,
/// <c>(2 / max(‖s‖, eps)) (ŝ − t̂ − κŝ)</c> with κ = ⟨ŝ, ŝ − t̂⟩, or 0 where ‖s‖ is below eps.
/// </summary>
public static class NormalizedMatchOracle
{
    /// <summary>Computes losses and gradient of rows of <paramref name="length"/> elements.</summary>
    /// <param name="student">[rows, length].</param>
    /// <param name="teacher">[rows, length].</param>
    /// <param name="length">Elements of a row.</param>
    /// <param name="epsilon">The smallest norm that is divided by.</param>
    /// <param name="reduction">How rows are combined; Mean divides by rows x length.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static NormalizedMatchOracleResult Compute(
        double[] student,
        double[] teacher,
        int length,
        double epsilon,
        OracleReduction reduction,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        int rows = student.Length / length;
        double divisor = reduction switch
        {
            OracleReduction.Mean => (double)rows * length,
            OracleReduction.BatchMean => rows,
            _ => 1,
        };
        var losses = new double[rows];
        var gradient = new double[student.Length];
        for (int row = 0; row < rows; row++)
        {
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? row : 0]) / divisor;
            losses[row] = Row(
                student.AsSpan(row * length, length),
                teacher.AsSpan(row * length, length),
                epsilon,
                scale,
                gradient.AsSpan(row * length, length));
        }

        return new NormalizedMatchOracleResult(losses, losses.Sum() / divisor, gradient);
    }

    private static double Row(
        ReadOnlySpan<double> s, ReadOnlySpan<double> t, double epsilon, double scale, Span<double> gradient)
    {
        double a = Dot(s, s), b = Dot(t, t);
        // Math.Max passes a NaN on.
        double normS = Math.Max(Math.Sqrt(a), epsilon), normT = Math.Max(Math.Sqrt(b), epsilon);
        bool clampedS = Math.Sqrt(a) < epsilon, clampedT = Math.Sqrt(b) < epsilon;

        // e = s − ratio·t, rounded once per element, so that nearly parallel rows keep the digits of their difference.
        // The ratio is off by a rounding error, which moves e along t; it is found from ‖s‖² − ratio²‖t‖² = ⟨e, s + ratio·t⟩.
        double ratio = normS / normT, excess = 0;
        var e = new double[s.Length];
        for (int i = 0; i < e.Length; i++)
        {
            e[i] = Math.FusedMultiplyAdd(-ratio, t[i], s[i]);
            excess += e[i] * (e[i] + (2 * ratio * t[i]));
        }

        double correction = clampedS || clampedT ? 0 : excess / (2 * ratio * b);
        for (int i = 0; i < e.Length; i++) e[i] = Math.FusedMultiplyAdd(-correction, t[i], e[i]);

        double loss = Dot(e, e) / (normS * normS);
        if (clampedS) return loss;
        double radial = clampedT ? Dot(s, e) / (normS * normS) : loss / 2;
        for (int i = 0; i < e.Length; i++)
            gradient[i] = 2 * scale * Math.FusedMultiplyAdd(-radial, s[i], e[i]) / (normS * normS);
        return loss;
    }

    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }
}
