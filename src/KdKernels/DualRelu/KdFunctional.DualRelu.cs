using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>ReLU of dual numbers: <c>y = max(x, 0)</c> and <c>ẏ_k = v_k · 1[x &gt; 0]</c> for each tangent.</summary>
    /// <param name="stack">
    /// <c>[(1 + K) · B, ...]</c>: the batch x, then each tangent's batch, <c>[x; v_1; …; v_K]</c>; float32 or float64 on the CPU,
    /// float32, float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="tangents">K, 0 or more.</param>
    /// <returns>The stack <c>[y; ẏ_1; …; ẏ_K]</c>.</returns>
    /// <remarks>
    /// The derivative at 0 is 0, as in torch. A NaN in x makes NaN of value, tangents and gradients at its place. No gradient reaches
    /// x through the mask, which is constant almost everywhere. A stack that is not contiguous is copied once.
    /// </remarks>
    /// <exception cref="ArgumentException">The first dimension does not hold 1 + K blocks.</exception>
    /// <exception cref="ArgumentOutOfRangeException">K is negative.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor DualRelu(Tensor stack, long tangents)
    {
        DualGuard.IsStack(stack, tangents);
        return FusedOp.Apply(new DualReluFunction(tangents), stack.contiguous());
    }
}
