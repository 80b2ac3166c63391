namespace KdKernels.Reference;

/// <summary>
/// The definition of CosineKl in double: S = â·n̂ᵀ for student and teacher, x̂ = x/max(‖x‖, 1e-12); per row
/// τ²·KL(softmax(S_t/τ) ‖ softmax(S_s/τ)). Gradients of the student's inputs: of the scores by the tempered divergence, dâ = dS·n̂
/// and dn̂ = dSᵀ·â, then (g − ⟨g, x̂⟩x̂)/‖x‖, and 0 where the norm is clamped.
/// </summary>
public static class CosineKlOracle
{
    private const double SmallestNorm = 1e-12;

    /// <summary>Computes row losses and both gradients of the student.</summary>
    /// <param name="studentAugmented">[A, D].</param>
    /// <param name="studentNormal">[B, D].</param>
    /// <param name="studentDimension">D.</param>
    /// <param name="teacherAugmented">[A, E].</param>
    /// <param name="teacherNormal">[B, E].</param>
    /// <param name="teacherDimension">E.</param>
    /// <param name="temperature">τ, possibly infinite.</param>
    /// <param name="reduction">How the kept rows are combined.</param>
    /// <param name="temperatureSquared">Whether τ² is part of the loss.</param>
    /// <param name="keep">[A]; null keeps all.</param>
    /// <param name="upstream">Gradient of the result: [A] for None, [1] otherwise; null means ones.</param>
    public static CosineKlOracleResult Compute(
        double[] studentAugmented,
        double[] studentNormal,
        int studentDimension,
        double[] teacherAugmented,
        double[] teacherNormal,
        int teacherDimension,
        double temperature,
        OracleReduction reduction,
        bool temperatureSquared = true,
        bool[]? keep = null,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(studentAugmented);
        ArgumentNullException.ThrowIfNull(studentNormal);
        ArgumentNullException.ThrowIfNull(teacherAugmented);
        ArgumentNullException.ThrowIfNull(teacherNormal);
        double[] a = Normalise(studentAugmented, studentDimension), n = Normalise(studentNormal, studentDimension);
        double[] scores = Scores(a, n, studentDimension);
        int columns = n.Length / studentDimension;
        TemperedKlOracleResult kl = TemperedKlOracle.Compute(
            scores,
            Scores(Normalise(teacherAugmented, teacherDimension), Normalise(teacherNormal, teacherDimension), teacherDimension),
            columns,
            temperature,
            reduction,
            temperatureSquared,
            classWeights: null,
            keep is null ? null : [.. keep.Select(kept => kept ? 1L : 0L)],
            ignoreIndex: 0,
            upstream);
        var ofAugmented = new double[a.Length];
        var ofNormal = new double[n.Length];
        for (int i = 0; i < a.Length / studentDimension; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                double g = kl.StudentGradient[(i * columns) + j];
                for (int d = 0; d < studentDimension; d++)
                {
                    ofAugmented[(i * studentDimension) + d] += g * n[(j * studentDimension) + d];
                    ofNormal[(j * studentDimension) + d] += g * a[(i * studentDimension) + d];
                }
            }
        }

        Project(ofAugmented, a, studentAugmented, studentDimension);
        Project(ofNormal, n, studentNormal, studentDimension);
        return new CosineKlOracleResult(kl.RowLosses, kl.Loss, ofAugmented, ofNormal);
    }

    /// <summary>The place of each row's target among its scores, largest first; of equal scores the one with the lower index
    /// first; last where the target's score is NaN.</summary>
    public static long[] Ranks(double[] scores, int columns, long[] targets)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(targets);
        var ranks = new long[targets.Length];
        for (int i = 0; i < ranks.Length; i++)
        {
            double own = scores[(i * columns) + targets[i]];
            for (int j = 0; j < columns; j++)
            {
                double other = scores[(i * columns) + j];
                if (j != targets[i] && (double.IsNaN(own) || other > own || (other == own && j < targets[i]))) ranks[i]++;
            }
        }

        return ranks;
    }

    private static double[] Scores(double[] a, double[] n, int dimension)
    {
        int rows = a.Length / dimension, columns = n.Length / dimension;
        var scores = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                for (int d = 0; d < dimension; d++)
                    scores[(i * columns) + j] += a[(i * dimension) + d] * n[(j * dimension) + d];
            }
        }

        return scores;
    }

    private static double Norm(double[] values, int row, int dimension)
    {
        double squares = 0;
        for (int d = 0; d < dimension; d++) squares += values[(row * dimension) + d] * values[(row * dimension) + d];
        return Math.Sqrt(squares);
    }

    private static double[] Normalise(double[] values, int dimension)
    {
        var unit = new double[values.Length];
        for (int row = 0; row < values.Length / dimension; row++)
        {
            double norm = Math.Max(Norm(values, row, dimension), SmallestNorm);
            for (int d = 0; d < dimension; d++) unit[(row * dimension) + d] = values[(row * dimension) + d] / norm;
        }

        return unit;
    }

    /// <summary>From the gradient of the unit rows to that of the rows.</summary>
    private static void Project(double[] gradient, double[] unit, double[] values, int dimension)
    {
        for (int row = 0; row < values.Length / dimension; row++)
        {
            double norm = Norm(values, row, dimension), along = 0;
            for (int d = 0; d < dimension; d++) along += gradient[(row * dimension) + d] * unit[(row * dimension) + d];
            for (int d = 0; d < dimension; d++)
            {
                int i = (row * dimension) + d;
                gradient[i] = norm < SmallestNorm ? 0 : (gradient[i] - (along * unit[i])) / norm;
            }
        }
    }
}
