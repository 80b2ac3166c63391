using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// Batch normalisation of dual numbers by running statistics, per channel with σ = √(variance + eps):
    /// <c>y = γ (x − μ) / σ + β</c> and <c>ẏ_k = γ v_k / σ</c>.
    /// </summary>
    /// <param name="stack">
    /// <c>[(1 + K) · B, C, ...]</c>: the batch x, then each tangent's batch; float32 or float64 on the CPU, float32,
    /// float16 or bfloat16 on CUDA; receives a gradient.
    /// </param>
    /// <param name="tangents">K, 0 or more.</param>
    /// <param name="runningMean">μ <c>[C]</c>, a constant, in the dtype and on the device of the stack as the following.</param>
    /// <param name="runningVariance"><c>[C]</c>, a constant.</param>
    /// <param name="weight">γ <c>[C]</c>, null for ones; receives a gradient.</param>
    /// <param name="bias">β <c>[C]</c>, null for zeros; receives a gradient, from x alone.</param>
    /// <param name="epsilon">Added to the variance, 0 or more.</param>
    /// <returns>The normalised stack.</returns>
    /// <remarks>
    /// There is no train mode: batch statistics mix samples, and the tangent of one would depend on all others. A stack that is not
    /// contiguous is copied once.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape or dtype does not fit, or a running statistic requires a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">K or epsilon is negative.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor DualBatchNorm(
        Tensor stack, long tangents, Tensor runningMean, Tensor runningVariance, Tensor? weight = null, Tensor? bias = null,
        double epsilon = 1e-5)
    {
        DualGuard.IsStack(stack, tangents);
        if (stack.dim() < 2)
        {
            throw new ArgumentException(
                $"expected a stack of shape [(1 + {tangents}) B, C, ...] but got {KdGuard.Shape(stack)}", nameof(stack));
        }
        if (!(epsilon >= 0 && double.IsFinite(epsilon)))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, $"expected an epsilon in [0, ∞) but got {epsilon}");
        IsPerChannel(runningMean, nameof(runningMean));
        IsPerChannel(runningVariance, nameof(runningVariance));
        if (weight is not null) IsPerChannel(weight, nameof(weight));
        if (bias is not null) IsPerChannel(bias, nameof(bias));
        KdGuard.HasNoGradient(runningMean, "statistics");
        KdGuard.HasNoGradient(runningVariance, "statistics");
        return FusedOp.Apply(
            new DualBatchNormFunction(tangents, epsilon), stack.contiguous(), runningMean, runningVariance, weight, bias);

        void IsPerChannel(Tensor vector, string name)
        {
            KdGuard.IsComputable(vector, name);
            KdGuard.SameDtype(vector, stack, name, nameof(stack));
            KdGuard.SameDevice(vector, stack, name, nameof(stack));
            if (vector.dim() != 1 || vector.shape[0] != stack.shape[1])
            {
                throw new ArgumentException(
                    $"expected one number per channel, shape [{stack.shape[1]}], but got {KdGuard.Shape(vector)}", name);
            }
        }
    }
}
