namespace KdKernels.Core;

/// <summary>
/// The derivative of the tempered softmax (or log-softmax) of each row of logits along K tangents, with
/// p = softmax(z / T) and ⟨p, v⟩ = Σ_c p_c v_c:
/// <code>
/// softmax       J v = p ⊙ (v − ⟨p, v⟩) / T
/// log-softmax   J v = (v − ⟨p, v⟩) / T
/// </code>
/// <para>Power of T: −1. Nothing is reduced. J of the softmax is symmetric, so the same call is its vector-Jacobian product.
/// p is computed once per row for all K tangents.</para>
/// <para>Gradients for upstream g_k, one read of logits, tangents and upstream:</para>
/// <code>
/// softmax       by v_k: p ⊙ (g_k − ⟨p, g_k⟩) / T     by z: p ⊙ (A − ⟨p, A⟩) / T²    A = Σ_k (g_k − ⟨p, g_k⟩) ⊙ (v_k − ⟨p, v_k⟩)
/// log-softmax   by v_k: (g_k − p Σ_c g_kc) / T       by z: p ⊙ (A − ⟨p, A⟩) / T²    A = −Σ_k (Σ_c g_kc)(v_k − ⟨p, v_k⟩)
/// </code>
/// <para>Means are taken of differences from the value at the most likely class: a common shift of a tangent costs no digits,
/// and neither does a p that is nearly one-hot.</para>
/// <para>−inf logits have p = 0: their finite tangents contribute nothing and, for the softmax, result and gradients there are
/// 0. A row with a NaN or +inf, or of nothing but −inf, is NaN for every tangent; a NaN or infinity in a tangent makes NaN of
/// that tangent's result and of the row's logits gradient, of no other tangent or row.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, never on the number of threads or its position; on the
/// CPU not on its alignment either. On CUDA the temperature must lie in [2^-20, 2^20], arithmetic is single precision, and
/// 16-bit results are rounded once.</para>
/// </summary>
public static class SoftmaxJvp
{
    /// <summary>Writes J v for every row and tangent.</summary>
    /// <param name="logits">Raw logits [B, 1, C], any strides: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="tangents">Directions [B, K, C] of the same element type, any strides.</param>
    /// <param name="settings">T and the function.</param>
    /// <param name="result">[B, K, C], any strides.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The temperature or the function is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView logits, RowsView tangents, in SoftmaxJvpSettings settings, RowsView result, CudaQueue? queue = null)
    {
        CheckInputs(logits, tangents, settings);
        Guard.IsGradient(result, tangents);
        var problem = new JvpProblem
        {
            Logits = logits,
            Tangents = tangents,
            Settings = settings,
            Result = result,
        };
        Run(problem, queue);
    }

    /// <summary>Recomputes p and writes the gradients that are wanted.</summary>
    /// <inheritdoc cref="Forward" path="/param[@name!='result']"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the result [B, K, C], any strides.</param>
    /// <param name="logitsGradient">[B, 1, C], any strides; null where it is not wanted.</param>
    /// <param name="tangentsGradient">[B, K, C], any strides; null where it is not wanted.</param>
    public static void Backward(
        RowsView logits,
        RowsView tangents,
        in SoftmaxJvpSettings settings,
        RowsView upstream,
        RowsView? logitsGradient,
        RowsView? tangentsGradient,
        CudaQueue? queue = null)
    {
        CheckInputs(logits, tangents, settings);
        Guard.Matches(upstream, tangents);
        if (logitsGradient is { } byLogits) Guard.IsGradient(byLogits, logits, nameof(logitsGradient));
        if (tangentsGradient is { } byTangents) Guard.IsGradient(byTangents, tangents, nameof(tangentsGradient));
        var problem = new JvpProblem
        {
            Logits = logits,
            Tangents = tangents,
            Settings = settings,
            Upstream = upstream,
            LogitsGradient = logitsGradient,
            TangentsGradient = tangentsGradient,
        };
        Run(problem, queue);
    }

    private static void Run(JvpProblem problem, CudaQueue? queue)
    {
        if (problem.Logits.Device.Type == KdDeviceType.Cuda)
            SoftmaxJvpCuda.Run(problem, queue);
        else
            SoftmaxJvpCpu.Run(problem);
    }

    private static void CheckInputs(RowsView logits, RowsView tangents, in SoftmaxJvpSettings settings)
    {
        Guard.IsLogits(logits);
        if (logits.Inner != 1)
            throw new ArgumentException($"expected shape [rows, 1, classes] but got {logits.Shape}", nameof(logits));
        Guard.HasShape(
            tangents, logits.ElementType, logits.Outer, Math.Max(tangents.Inner, 0), logits.Length, logits.Device);
        Guard.IsFiniteTemperature(settings.Temperature, "temperature");
        if (settings.Of is not (SoftmaxForm.Softmax or SoftmaxForm.LogSoftmax))
            throw new ArgumentOutOfRangeException(
                "of", settings.Of, $"expected Softmax or LogSoftmax but got {(int)settings.Of}");
    }
}
