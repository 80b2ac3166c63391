namespace KdKernels.Core;

/// <summary>
/// The entropy of tempered logits, per row, in nats:
/// <code>
/// H = −Σ_c p_c log p_c = log Σ_c e^(z_c/T) − Σ_c p_c z_c/T      p = softmax(z / T)
/// </code>
/// <para>Numerator: the sum over classes of each row. Divisor: 1 for None and Sum, rows for
/// <see cref="KdReduction.BatchMean"/> (what "mean entropy" means), rows x classes for
/// <see cref="KdReduction.Mean"/>. Power of T: 0.</para>
/// <para>Gradient for upstream g and divisor N: <c>−g·p_c·(log p_c + H) / (T·N)</c>.</para>
/// <para>Measured from the row's largest logit, with a = (z − largest)/T and S = Σe^a: <c>H = log S − Σe^a·a / S</c>,
/// both of whose terms are non-negative, so that nothing cancels and no logarithm of a probability is taken: it
/// underflows to −∞ where p·log p is 0. Where one class dominates, log S comes from the rest S − 1, which is summed on
/// its own.</para>
/// <para>−inf logits have p = 0 and contribute nothing, to value or gradient; a row of nothing else is NaN. A NaN or
/// +inf makes its row (and the reduced value) NaN, no other row.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads, the position of a row or its alignment.</para>
/// </summary>
public static class SoftmaxEntropy
{
    /// <summary>Writes the entropy: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="logits">Raw logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="settings">T and reduction.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The temperature or the reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView logits, in SoftmaxEntropySettings settings, RowsView loss, CudaQueue? queue = null)
    {
        CheckInputs(logits, settings);
        Guard.IsLoss(loss, logits, settings.Reduction);
        Run(Describe(logits, settings, loss, upstream: null, gradient: null), queue);
    }

    /// <summary>
    /// Writes the entropy and, from the same read, the gradient for an upstream gradient of 1 (of every row's value,
    /// for <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="gradient">Where the gradient goes; the logits' shape and element type, any strides.</param>
    public static void ForwardWithGradient(
        RowsView logits,
        in SoftmaxEntropySettings settings,
        RowsView loss,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(logits, settings);
        Guard.IsLoss(loss, logits, settings.Reduction);
        Guard.IsGradient(gradient, logits);
        Run(Describe(logits, settings, loss, upstream: null, gradient), queue);
    }

    /// <summary>Recomputes from the logits and writes the gradient for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the shape and element type that the loss has; any
    /// strides.</param>
    public static void Backward(
        RowsView logits,
        in SoftmaxEntropySettings settings,
        RowsView upstream,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(logits, settings);
        Guard.IsUpstream(upstream, logits, settings.Reduction);
        Guard.IsGradient(gradient, logits);
        Run(Describe(logits, settings, loss: null, upstream, gradient), queue);
    }

    private static void Run(EntropyProblem problem, CudaQueue? queue)
    {
        if (problem.Logits.Device.Type == KdDeviceType.Cuda)
            SoftmaxEntropyCuda.Run(problem, queue);
        else
            SoftmaxEntropyCpu.Run(problem);
    }

    private static EntropyProblem Describe(
        RowsView logits, in SoftmaxEntropySettings settings, RowsView? loss, RowsView? upstream, RowsView? gradient) =>
        new()
        {
            Logits = logits,
            Temperature = settings.Temperature,
            Reduction = settings.Reduction,
            Loss = loss,
            Upstream = upstream,
            Gradient = gradient,
        };

    private static void CheckInputs(RowsView logits, in SoftmaxEntropySettings settings)
    {
        Guard.IsLogits(logits);
        Guard.IsFiniteTemperature(settings.Temperature, "temperature");
        Guard.IsReduction(settings.Reduction, "reduction");
    }
}
