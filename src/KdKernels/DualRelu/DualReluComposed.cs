using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.DualRelu"/> by composed torch operations, differentiable any number of times. The autograd node takes its
/// second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class DualReluComposed
{
    /// <summary>The stack [y; ẏ_1; …; ẏ_K].</summary>
    public static Tensor Values(Tensor stack, long tangents)
    {
        ArgumentNullException.ThrowIfNull(stack);
        var blocks = stack.reshape([1 + tangents, stack.shape[0] / (1 + tangents), .. stack.shape[1..]]);
        var x = blocks.select(0, 0).detach();
        // 0 elsewhere, but NaN where x is.
        var rest = where(x.isnan(), x, zeros_like(x));
        return where(x > 0, blocks, rest).reshape(stack.shape);
    }
}
