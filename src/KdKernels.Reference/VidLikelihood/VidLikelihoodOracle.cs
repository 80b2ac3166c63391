namespace KdKernels.Reference;

/// <summary>
/// The definition of VidLikelihood in double: per row Σ_c ½[(t − μ)²/v_c + log v_c] with v_c = log(1 + e^ρ_c) + ε, and
/// its gradients for μ and ρ.
/// </summary>
public static class VidLikelihoodOracle
{
    /// <summary>
    /// Computes loss and gradients of rows of <paramref name="channels"/> features that lie one after the other.
    /// </summary>
    /// <param name="student">μ [rows, channels].</param>
    /// <param name="teacher">t [rows, channels].</param>
    /// <param name="rho">ρ [channels].</param>
    /// <param name="channels">Length of a row.</param>
    /// <param name="reduction">How rows are combined; Mean is the mean over every element.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="withConstant">Whether every element also counts ½ log 2π.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static VidLikelihoodOracleResult Compute(
        double[] student,
        double[] teacher,
        double[] rho,
        int channels,
        OracleReduction reduction,
        double epsilon = 1e-5,
        bool withConstant = false,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(rho);
        int rows = student.Length / channels;
        double divisor = reduction switch
        {
            OracleReduction.Mean => (double)rows * channels,
            OracleReduction.BatchMean => rows,
            _ => 1,
        };
        var losses = new double[rows];
        var studentGradient = new double[student.Length];
        var rhoGradient = new double[channels];
        double constant = withConstant ? Math.Log(2 * Math.PI) : 0;
        for (int row = 0; row < rows; row++)
        {
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? row : 0]) / divisor;
            for (int c = 0; c < channels; c++)
            {
                int i = (row * channels) + c;
                double v = Softplus(rho[c]) + epsilon, d = student[i] - teacher[i];
                losses[row] += 0.5 * ((d * d / v) + Math.Log(v) + constant);
                studentGradient[i] = scale * d / v;
                rhoGradient[c] += scale * Sigmoid(rho[c]) * 0.5 * ((1 / v) - (d * d / (v * v)));
            }
        }

        return new VidLikelihoodOracleResult(losses, losses.Sum() / divisor, studentGradient, rhoGradient);
    }

    /// <summary>log(1 + e^x).</summary>
    private static double Softplus(double x) => Math.Max(x, 0) + StableMath.Log1p(Math.Exp(-Math.Abs(x)));

    private static double Sigmoid(double x) => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x));
}
