namespace KdKernels.Reference;

/// <summary>
/// The definition of HintonLoss in double: per row (1 − alpha)·w_y·CE + alpha·TemperedKl, with its metrics.
/// </summary>
public static class HintonLossOracle
{
    /// <summary>
    /// Computes loss, metrics and the student's gradient; parameters as in <see cref="TemperedKlOracle.Compute"/>.
    /// </summary>
    /// <param name="student">[rows, classes].</param>
    /// <param name="teacher">[rows, classes].</param>
    /// <param name="labels">[rows], class or <paramref name="ignoreIndex"/>.</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="alpha">Weight of the divergence; a term of weight 0 is left out.</param>
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="reduction">How rows are combined.</param>
    /// <param name="temperatureSquared">Whether the divergence carries T².</param>
    /// <param name="classWeights">[classes] or null, for both terms.</param>
    /// <param name="ignoreIndex">Rows with this label count for nothing.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static HintonLossOracleResult Compute(
        double[] student,
        double[] teacher,
        long[] labels,
        int classes,
        double alpha,
        double temperature,
        OracleReduction reduction,
        bool temperatureSquared = true,
        double[]? classWeights = null,
        long ignoreIndex = -100,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(labels);
        int rows = student.Length / classes;
        TemperedKlOracleResult soft = TemperedKlOracle.Compute(
            student,
            teacher,
            classes,
            temperature,
            reduction,
            temperatureSquared,
            classWeights,
            labels,
            ignoreIndex,
            upstream);
        var result = new HintonLossOracleResult
        {
            RowLosses = new double[rows],
            CrossEntropies = new double[rows],
            Divergences = soft.RowLosses,
            StudentEntropies = new double[rows],
            TeacherEntropies = new double[rows],
            Hits = new bool[rows],
            Agreements = new bool[rows],
            Loss = 0,
            StudentGradient = soft.StudentGradient,
        };
        double divisor = LogitPairRows.Divisor(rows, classes, reduction, labels, ignoreIndex);
        for (int i = 0; i < soft.StudentGradient.Length; i++)
            soft.StudentGradient[i] = Term(alpha, soft.StudentGradient[i]);

        for (int row = 0; row < rows; row++)
        {
            if (labels[row] == ignoreIndex) continue;
            var s = new ReadOnlySpan<double>(student, row * classes, classes);
            var t = new ReadOnlySpan<double>(teacher, row * classes, classes);
            int label = (int)labels[row];
            double w = classWeights is null ? 1 : classWeights[label];
            double norm = StableMath.LogSumExp(s);
            result.CrossEntropies[row] = w * (norm - s[label]);
            result.RowLosses[row] = Term(1 - alpha, result.CrossEntropies[row]) + Term(alpha, soft.RowLosses[row]);
            result.StudentEntropies[row] = Entropy(s, temperature);
            result.TeacherEntropies[row] = Entropy(t, temperature);
            bool defined = !double.IsNaN(soft.RowLosses[row]);
            result.Hits[row] = defined && FirstLargest(s) == label;
            result.Agreements[row] = defined && FirstLargest(s) == FirstLargest(t);

            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? row : 0]) / divisor;
            for (int c = 0; c < classes; c++)
            {
                double q = Math.Exp(s[c] - norm);
                result.StudentGradient[(row * classes) + c] += Term(1 - alpha, scale * w * (q - (c == label ? 1 : 0)));
            }
        }

        return result with { Loss = result.RowLosses.Sum() / divisor };
    }

    private static double Term(double weight, double value) => weight == 0 ? 0 : weight * value;

    /// <summary>lse − Σ p z, which is right where −Σ p log p is 0·(−∞).</summary>
    private static double Entropy(ReadOnlySpan<double> z, double temperature)
    {
        double largest = double.NegativeInfinity;
        foreach (double value in z) largest = double.IsNaN(value) ? double.NaN : Math.Max(largest, value);
        double sum = 0, weighted = 0;
        foreach (double value in z)
        {
            double b = double.IsPositiveInfinity(temperature) ? value - value : (value - largest) / temperature;
            sum += Math.Exp(b);
            if (Math.Exp(b) != 0) weighted += Math.Exp(b) * b;
        }

        return Math.Log(sum) - (weighted / sum);
    }

    private static int FirstLargest(ReadOnlySpan<double> z)
    {
        int best = 0;
        for (int c = 1; c < z.Length; c++)
            if (z[c] > z[best]) best = c;
        return best;
    }
}
