namespace KdKernels.Core;

/// <summary>
/// ReLU of dual numbers: a stack [x; v_1; …; v_K] of K + 1 blocks goes to
/// <code>
/// y = max(x, 0)     ẏ_k = v_k · 1[x &gt; 0]
/// </code>
/// and an upstream gradient of the stack is masked in the same way: the mask is constant almost everywhere, so no gradient
/// reaches x through it. The derivative at 0 is 0, as in torch. A NaN in x makes NaN of value, tangents and gradients at its
/// place; where x is not above 0, tangents and gradients are 0 whatever they held. Elements are independent of each other, so
/// the bits depend on nothing else.
/// </summary>
public static class DualRelu
{
    /// <summary>Writes the stack [y; ẏ_1; …; ẏ_K].</summary>
    /// <param name="stack">[1 + K, 1, length]: Float32 or Float64 on the CPU, each block contiguous.</param>
    /// <param name="result">The stack's shape and element type, each block contiguous.</param>
    /// <exception cref="ArgumentException">A shape, element type or stride is not as expected.</exception>
    /// <exception cref="NotSupportedException">An operand is not on the CPU, or of a 16-bit type.</exception>
    public static void Forward(RowsView stack, RowsView result)
    {
        IsStack(stack, nameof(stack));
        Guard.IsGradient(result, stack);
        Guard.IsContiguous(result);
        DualReluCpu.Run(stack, stack, result);
    }

    /// <summary>Writes the gradient of the stack.</summary>
    /// <inheritdoc cref="Forward" path="/param[@name='stack']"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the result, with its shape, each block contiguous or all of it
    /// one number (strides of 0).</param>
    /// <param name="stackGradient">The stack's shape and element type, each block contiguous.</param>
    public static void Backward(RowsView stack, RowsView upstream, RowsView stackGradient)
    {
        IsStack(stack, nameof(stack));
        Guard.Matches(upstream, stack);
        if (!Guard.IsConstant(upstream)) Guard.IsContiguous(upstream);
        Guard.IsGradient(stackGradient, stack);
        Guard.IsContiguous(stackGradient);
        DualReluCpu.Run(stack, upstream, stackGradient);
    }

    private static void IsStack(RowsView stack, string name)
    {
        Guard.IsOnCpu(stack, nameof(DualRelu), name);
        Guard.IsContiguous(stack, name);
        if (stack.Outer < 1 || stack.Inner != 1)
            throw new ArgumentException($"expected shape [1 + tangents, 1, length] but got {stack.Shape}", name);
    }
}
