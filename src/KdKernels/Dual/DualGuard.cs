using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>Checks of stacks [x; v_1; …; v_K].</summary>
internal static class DualGuard
{
    /// <summary>A float32 or float64 tensor on the CPU whose first dimension holds 1 + K blocks.</summary>
    internal static void IsStack(
        Tensor stack, long tangents, string op, [CallerArgumentExpression(nameof(stack))] string? name = null)
    {
        KdGuard.IsOnCpu(stack, op, name);
        if (tangents < 0)
            throw new ArgumentOutOfRangeException(nameof(tangents), tangents, $"expected 0 tangents or more but got {tangents}");
        if (stack.dim() < 1 || stack.shape[0] % (1 + tangents) != 0)
        {
            throw new ArgumentException(
                $"expected a stack of 1 + {tangents} blocks along the first dimension but got {KdGuard.Shape(stack)}", name);
        }
    }
}
