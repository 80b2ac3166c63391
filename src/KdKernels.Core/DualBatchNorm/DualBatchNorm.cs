namespace KdKernels.Core;

/// <summary>
/// Batch normalisation of dual numbers by running statistics (eval mode), per channel with σ = √(variance + eps): a stack
/// [x; v_1; …; v_K] goes to
/// <code>
/// y = γ (x − μ) / σ + β     ẏ_k = γ v_k / σ
/// </code>
/// Gradients for upstream g of the stack: <c>γ g / σ</c> by the stack, Σ g (x − μ) / σ + Σ_k Σ g_k v_k / σ by γ and Σ g over
/// the primal alone by β; μ and the variance are constants. There is no train mode: batch statistics mix samples, and the
/// tangent of one would depend on the others.
/// <para>Deterministic: an element of the result depends on its channel's numbers alone, a sum over the batch on the shape and
/// the values, never on the number of threads. On CUDA arithmetic is single precision and σ's reciprocal is off by up to 2 ulp.</para>
/// </summary>
public static class DualBatchNorm
{
    /// <summary>Writes the normalised stack.</summary>
    /// <param name="stack">
    /// [(1 + K) · batch, channels, length]: contiguous; length is height · width, or 1. Float32 or Float64 on the CPU; Float32,
    /// Float16 or BFloat16 on CUDA.
    /// </param>
    /// <param name="mean">μ, a vector of channels.</param>
    /// <param name="variance">A vector of channels.</param>
    /// <param name="weight">γ, a vector of channels; null for ones.</param>
    /// <param name="bias">β, a vector of channels; null for zeros.</param>
    /// <param name="settings">K and eps.</param>
    /// <param name="result">The stack's shape and element type, contiguous.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or stride is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">K or eps is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView stack,
        RowsView mean,
        RowsView variance,
        RowsView? weight,
        RowsView? bias,
        in DualBatchNormSettings settings,
        RowsView result,
        CudaQueue? queue = null)
    {
        CheckInputs(stack, mean, variance, weight, bias, settings);
        Guard.IsGradient(result, stack);
        Guard.IsDense(result);
        Run(new NormProblem(stack, mean, variance, weight, bias, settings) { Result = result }, queue);
    }

    /// <summary>Writes the gradients that are wanted.</summary>
    /// <inheritdoc cref="Forward" path="/param[@name!='result' and @name!='bias']"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the result, with its shape, contiguous or all of it one number (strides of 0).</param>
    /// <param name="stackGradient">The stack's shape and element type, contiguous; null where it is not wanted.</param>
    /// <param name="weightGradient">A vector of channels; null where it is not wanted.</param>
    /// <param name="biasGradient">A vector of channels; null where it is not wanted.</param>
    public static void Backward(
        RowsView stack,
        RowsView mean,
        RowsView variance,
        RowsView? weight,
        in DualBatchNormSettings settings,
        RowsView upstream,
        RowsView? stackGradient,
        RowsView? weightGradient,
        RowsView? biasGradient,
        CudaQueue? queue = null)
    {
        CheckInputs(stack, mean, variance, weight, bias: null, settings);
        Guard.Matches(upstream, stack);
        if (!Guard.IsConstant(upstream)) Guard.IsDense(upstream);
        if (stackGradient is { } byStack)
        {
            Guard.IsGradient(byStack, stack, nameof(stackGradient));
            Guard.IsDense(byStack, nameof(stackGradient));
        }

        if (weightGradient is { } byWeight)
            Guard.IsOutput(byWeight, stack.ElementType, 1, 1, stack.Inner, stack.Device, nameof(weightGradient));
        if (biasGradient is { } byBias)
            Guard.IsOutput(byBias, stack.ElementType, 1, 1, stack.Inner, stack.Device, nameof(biasGradient));
        var problem = new NormProblem(stack, mean, variance, weight, null, settings)
        {
            Upstream = upstream,
            StackGradient = stackGradient,
            WeightGradient = weightGradient,
            BiasGradient = biasGradient,
        };
        Run(problem, queue);
    }

    private static void Run(NormProblem problem, CudaQueue? queue)
    {
        if (problem.Stack.Device.Type == KdDeviceType.Cuda)
            DualBatchNormCuda.Run(problem, queue);
        else
            DualBatchNormCpu.Run(problem);
    }

    private static void CheckInputs(
        RowsView stack, RowsView mean, RowsView variance, RowsView? weight, RowsView? bias, in DualBatchNormSettings settings)
    {
        Guard.IsOperand(stack);
        Guard.IsDense(stack);
        if (settings.Tangents < 0)
        {
            throw new ArgumentOutOfRangeException(
                "tangents", settings.Tangents, $"expected 0 tangents or more but got {settings.Tangents}");
        }

        if (stack.Outer % (1 + settings.Tangents) != 0)
        {
            throw new ArgumentException(
                $"expected a stack of 1 + {settings.Tangents} blocks but got {stack.Shape}", nameof(stack));
        }

        if (settings.Epsilon is not (>= 0 and <= Guard.LargestTemperature))
        {
            throw new ArgumentOutOfRangeException(
                "epsilon", settings.Epsilon, $"expected an epsilon in [0, 1e100] but got {settings.Epsilon}");
        }

        IsPerChannel(mean, nameof(mean));
        IsPerChannel(variance, nameof(variance));
        if (weight is { } gamma) IsPerChannel(gamma, nameof(weight));
        if (bias is { } beta) IsPerChannel(beta, nameof(bias));

        void IsPerChannel(RowsView vector, string name) =>
            Guard.HasShape(vector, stack.ElementType, 1, 1, stack.Inner, stack.Device, name);
    }
}
