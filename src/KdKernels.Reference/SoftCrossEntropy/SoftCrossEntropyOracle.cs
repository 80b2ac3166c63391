namespace KdKernels.Reference;

/// <summary>
/// The definition of SoftCrossEntropy in double: per row −T² Σ_c w_c p_c log q_c with p = softmax(teacher/T) and
/// q = softmax(student/T), and the student's gradient.
/// </summary>
public static class SoftCrossEntropyOracle
{
    /// <summary>
    /// Computes loss and gradient of rows of <paramref name="classes"/> logits that lie one after the other.
    /// </summary>
    /// <param name="student">[rows, classes].</param>
    /// <param name="teacher">[rows, classes].</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="temperature">T, finite.</param>
    /// <param name="reduction">How rows are combined.</param>
    /// <param name="temperatureSquared">Whether the loss carries T².</param>
    /// <param name="classWeights">[classes] or null.</param>
    /// <param name="labels">[rows] or null: rows whose label is <paramref name="ignoreIndex"/> count for
    /// nothing.</param>
    /// <param name="ignoreIndex">See <paramref name="labels"/>.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static SoftCrossEntropyOracleResult Compute(
        double[] student,
        double[] teacher,
        int classes,
        double temperature,
        OracleReduction reduction,
        bool temperatureSquared = true,
        double[]? classWeights = null,
        long[]? labels = null,
        long ignoreIndex = -100,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        int rows = student.Length / classes;
        double divisor = LogitPairRows.Divisor(rows, classes, reduction, labels, ignoreIndex);
        double factor = temperatureSquared ? temperature * temperature : 1;
        var losses = new double[rows];
        var gradient = new double[student.Length];
        for (int row = 0; row < rows; row++)
        {
            if (labels is not null && labels[row] == ignoreIndex) continue;
            double[] logP = LogSoftmax(new ReadOnlySpan<double>(teacher, row * classes, classes), temperature);
            double[] logQ = LogSoftmax(new ReadOnlySpan<double>(student, row * classes, classes), temperature);
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? row : 0]) / divisor;
            double mass = 0;
            for (int c = 0; c < classes; c++)
            {
                double w = classWeights is null ? 1 : classWeights[c];
                mass += w * Math.Exp(logP[c]);

                // A class without weight, or that the teacher excludes, adds nothing, whatever the student says of it.
                if (w != 0 && !double.IsNegativeInfinity(logP[c]))
                    losses[row] -= factor * w * Math.Exp(logP[c]) * logQ[c];
            }

            for (int c = 0; c < classes; c++)
            {
                double w = classWeights is null ? 1 : classWeights[c];
                double difference = (Math.Exp(logQ[c]) * mass) - (w * Math.Exp(logP[c]));
                gradient[(row * classes) + c] = scale * factor / temperature * difference;
            }
        }

        return new SoftCrossEntropyOracleResult(losses, losses.Sum() / divisor, gradient);
    }

    private static double[] LogSoftmax(ReadOnlySpan<double> z, double temperature)
    {
        var tempered = new double[z.Length];
        double largest = double.NegativeInfinity;
        foreach (double value in z) largest = double.IsNaN(value) ? double.NaN : Math.Max(largest, value);
        for (int c = 0; c < z.Length; c++) tempered[c] = (z[c] - largest) / temperature;
        double norm = StableMath.LogSumExp(tempered);
        for (int c = 0; c < z.Length; c++) tempered[c] -= norm;
        return tempered;
    }
}
