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
    /// <param name="stack">[1 + K, 1, length], each block contiguous: Float32 or Float64 on the CPU; Float32, Float16 or
    /// BFloat16 on CUDA.</param>
    /// <param name="result">The stack's shape and element type, each block contiguous.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or stride is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(RowsView stack, RowsView result, CudaQueue? queue = null)
    {
        IsStack(stack, nameof(stack));
        Guard.IsGradient(result, stack);
        Guard.IsContiguous(result);
        Run(stack, stack, result, queue);
    }

    /// <summary>Writes the gradient of the stack.</summary>
    /// <inheritdoc cref="Forward" path="/param[@name='stack' or @name='queue']"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the result, with its shape, each block contiguous or all of it
    /// one number (strides of 0).</param>
    /// <param name="stackGradient">The stack's shape and element type, each block contiguous.</param>
    public static void Backward(
        RowsView stack, RowsView upstream, RowsView stackGradient, CudaQueue? queue = null)
    {
        IsStack(stack, nameof(stack));
        Guard.Matches(upstream, stack);
        if (!Guard.IsConstant(upstream)) Guard.IsContiguous(upstream);
        Guard.IsGradient(stackGradient, stack);
        Guard.IsContiguous(stackGradient);
        Run(stack, upstream, stackGradient, queue);
    }

    private static void Run(RowsView primals, RowsView values, RowsView target, CudaQueue? queue)
    {
        if (primals.Device.Type == KdDeviceType.Cuda)
            DualReluCuda.Run(primals, values, target, queue);
        else
            DualReluCpu.Run(primals, values, target);
    }

    private static void IsStack(RowsView stack, string name)
    {
        Guard.IsOperand(stack, name);
        Guard.IsContiguous(stack, name);
        if (stack.Outer < 1 || stack.Inner != 1)
            throw new ArgumentException($"expected shape [1 + tangents, 1, length] but got {stack.Shape}", name);
    }
}
