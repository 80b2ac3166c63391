using System.Runtime.CompilerServices;
using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>Checks of stacks [x; v_1; …; v_K].</summary>
internal static class DualGuard
{
    /// <summary>A tensor that there are kernels for, whose first dimension holds 1 + K blocks.</summary>
    internal static void IsStack(
        Tensor stack, long tangents, [CallerArgumentExpression(nameof(stack))] string? name = null)
    {
        KdGuard.IsComputable(stack, name);
        if (tangents < 0)
            throw new ArgumentOutOfRangeException(nameof(tangents), tangents, $"expected 0 tangents or more but got {tangents}");
        if (stack.dim() < 1 || stack.shape[0] % (1 + tangents) != 0)
        {
            throw new ArgumentException(
                $"expected a stack of 1 + {tangents} blocks along the first dimension but got {KdGuard.Shape(stack)}", name);
        }
    }

    /// <summary>
    /// The memory of an upstream gradient as a view of the same shape as <paramref name="dense"/> makes of a contiguous tensor: the
    /// gradient of a sum, one number in an expanded tensor, is not written out; any other is copied where it is not contiguous.
    /// </summary>
    internal static RowsView Upstream(Tensor upstream, Func<Tensor, RowsView> dense, out Tensor alive)
    {
        alive = upstream;
        if (upstream.numel() > 0 && upstream.stride().Zip(upstream.shape).All(pair => pair.First == 0 || pair.Second == 1))
            return dense(upstream) with { OuterStride = 0, InnerStride = 0, ElementStride = 0 };
        alive = upstream.contiguous();
        return dense(alive);
    }
}
