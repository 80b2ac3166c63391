namespace KdKernels.Reference;

/// <summary>
/// The definition of DualBatchNorm (eval mode) in double, with σ = √(variance + eps) per channel:
/// <c>y = γ (x − μ) / σ + β</c>, each tangent <c>ẏ = γ ẋ / σ</c>, and the gradients of Σ upstream ⊙ result by stack, γ and β;
/// μ and the variance are constants.
/// </summary>
public static class DualBatchNormOracle
{
    /// <summary>Computes value and gradients of a stack [x; v_1; …; v_K].</summary>
    /// <param name="stack">[(1 + K) · batch, channels, length].</param>
    /// <param name="tangents">K.</param>
    /// <param name="length">Elements per sample and channel.</param>
    /// <param name="mean">μ [channels].</param>
    /// <param name="variance">[channels].</param>
    /// <param name="weight">γ [channels], null for ones.</param>
    /// <param name="bias">β [channels], null for zeros.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="upstream">Gradient of the result, with its shape; null means ones.</param>
    public static DualBatchNormOracleResult Compute(
        double[] stack,
        int tangents,
        int length,
        double[] mean,
        double[] variance,
        double[]? weight,
        double[]? bias,
        double epsilon,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(stack);
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(variance);
        int channels = mean.Length, primals = stack.Length / (1 + tangents);
        var result = new DualBatchNormOracleResult(
            new double[stack.Length], new double[stack.Length], new double[channels], new double[channels]);
        for (int i = 0; i < stack.Length; i++)
        {
            int c = i / length % channels;
            double deviation = Math.Sqrt(variance[c] + epsilon), gamma = weight is null ? 1 : weight[c];
            double g = upstream is null ? 1 : upstream[i];
            bool primal = i < primals;
            double normalised = (stack[i] - (primal ? mean[c] : 0)) / deviation;
            result.Values[i] = (gamma * normalised) + (primal && bias is not null ? bias[c] : 0);
            result.StackGradient[i] = g * gamma / deviation;
            result.WeightGradient[c] += g * normalised;
            if (primal) result.BiasGradient[c] += g;
        }

        return result;
    }
}
