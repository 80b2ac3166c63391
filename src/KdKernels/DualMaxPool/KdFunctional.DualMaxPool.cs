using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// Max pooling of dual numbers: the maximum of x over each window, and of each tangent the element at that maximum.
    /// </summary>
    /// <param name="stack">
    /// Images <c>[(1 + K) · B, C, H, W]</c>: the batch x, then each tangent's batch; float32 or float64 on the CPU, float32,
    /// float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="tangents">K, 0 or more.</param>
    /// <param name="options">The windows.</param>
    /// <returns>The pooled stack <c>[(1 + K) · B, C, H', W']</c>, of the size that torch's max_pool2d gives.</returns>
    /// <remarks>
    /// The maximum's place is torch's: the first of equal ones, the last NaN of a window that has one. A stack that is not contiguous
    /// is copied once. On CUDA a gradient is refused where more than 64 windows may contain one element.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape or a size does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">K is negative.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor DualMaxPool(Tensor stack, long tangents, DualMaxPoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        DualGuard.IsStack(stack, tangents);
        if (stack.dim() != 4)
        {
            throw new ArgumentException(
                $"expected a stack of shape [(1 + {tangents}) B, C, H, W] but got {KdGuard.Shape(stack)}", nameof(stack));
        }
        return FusedOp.Apply(new DualMaxPoolFunction(tangents, options), stack.contiguous());
    }
}
