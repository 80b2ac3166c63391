namespace KdKernels.Core;

/// <summary>
/// Attention transfer (Zagoruyko and Komodakis 2017, section 3.1): the distance of the normalised attention maps of a
/// student's and a teacher's features, per sample:
/// <code>
/// Q_j = Σ_c |F_cj|^p          q = Q / max(‖Q‖₂, 1e-12)
/// Code:  β·Σ_j (q_s − q_t)_j²       Paper:  (β/2)·‖q_s − q_t‖₂
/// </code>
/// <para>Numerator: the above, per sample. Divisor: 1 for None and Sum, B for <see cref="KdReduction.BatchMean"/>,
/// B·h·w for <see cref="KdReduction.Mean"/>, which the paper's form does not have. The authors' code is Code with Mean and
/// β = 10³ outside; the paper is Paper with BatchMean. Power of T: 0. The teacher is a constant.</para>
/// <para>Gradient of the student's features, with g the gradient of q_s: <c>p·|F|^(p−1)·sgn F·(g − q_s⟨q_s, g⟩)/‖Q_s‖</c>;
/// of the paper's form 0 at equal maps. Below ‖Q_s‖ = 1e-12 it is 0: a map of zeros has value and gradient 0.</para>
/// <para>Student and teacher may differ in C, and in H and W: then the maps <c>[B, C, H, W]</c> are brought to the smaller
/// height and the smaller width by adaptive average pooling of the features, through which the gradient goes.</para>
/// <para>Sums are taken in double, the loss from the differences q_s − q_t: float32 maps that nearly agree keep all digits
/// of it, where 2 − 2⟨q_s, q_t⟩ has none. Of 16-bit features two |F|^p are added in float32 first, so that one beyond its
/// range (bfloat16 from 1.8e19 on for p = 2, from 4.3e9 on for p = 4) is infinite. A NaN or an infinity makes its sample
/// NaN, loss and gradient, no other sample.</para>
/// <para>Deterministic: the bits of a sample depend on that sample alone, those of the reduced value on the shape and the
/// samples, never on the number of threads or the GPU.</para>
/// </summary>
public static class AttentionSquared
{
    /// <summary>Writes the loss: one value, or one per sample for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Features: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on CUDA.</param>
    /// <param name="teacher">Features of the same samples and element type.</param>
    /// <param name="settings">Form, power, channels, β and reduction.</param>
    /// <param name="loss">Result in the features' element type, Float32 for 16-bit ones: shape [1, 1, 1], or [B, 1, 1]
    /// for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        MapView student,
        MapView teacher,
        in AttentionSquaredSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        MapGuard.IsLoss(loss, student, settings.Reduction);
        Run(student, teacher, settings, loss, upstream: null, gradient: null, queue);
    }

    /// <summary>
    /// Writes the loss and, while the features are in the cache, the student's gradient for an upstream gradient of 1 (of
    /// every sample's value, for <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="gradient">Where the gradient goes; shape and element type of the student's rows, any strides.</param>
    public static void ForwardWithGradient(
        MapView student,
        MapView teacher,
        in AttentionSquaredSettings settings,
        RowsView loss,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        MapGuard.IsLoss(loss, student, settings.Reduction);
        Guard.IsGradient(gradient, student.Rows);
        Run(student, teacher, settings, loss, upstream: null, gradient, queue);
    }

    /// <summary>Recomputes from the features and writes the gradient for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with its shape and element type; any strides on the CPU, contiguous
    /// on CUDA.</param>
    public static void Backward(
        MapView student,
        MapView teacher,
        in AttentionSquaredSettings settings,
        RowsView upstream,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        MapGuard.IsUpstream(upstream, student, settings.Reduction);
        Guard.IsGradient(gradient, student.Rows);
        Run(student, teacher, settings, loss: null, upstream, gradient, queue);
    }

    internal static void CheckPower(int power)
    {
        if (power is not (1 or 2 or 4))
            throw new ArgumentOutOfRangeException(nameof(power), power, $"expected a power of 1, 2 or 4 but got {power}");
    }

    internal static void CheckChannels(ChannelReduction channels)
    {
        if (channels is not (ChannelReduction.Sum or ChannelReduction.Mean))
        {
            throw new ArgumentOutOfRangeException(
                nameof(channels), channels, $"expected Sum or Mean over channels but got {(int)channels}");
        }
    }

    private static void CheckInputs(MapView student, MapView teacher, in AttentionSquaredSettings settings)
    {
        MapGuard.IsMap(student);
        MapGuard.IsMap(teacher);
        MapGuard.Pairs(teacher, student);
        CheckPower(settings.Power);
        CheckChannels(settings.Channels);
        Guard.IsReduction(settings.Reduction, "reduction");
        if (settings.Form is not (AttentionForm.Code or AttentionForm.Paper))
        {
            throw new ArgumentOutOfRangeException(
                nameof(settings), settings.Form, $"expected the form Code or Paper but got {(int)settings.Form}");
        }

        if (!double.IsFinite(settings.Beta))
        {
            throw new ArgumentOutOfRangeException(
                nameof(settings), settings.Beta, $"expected a finite beta but got {settings.Beta}");
        }

        if (settings.Form == AttentionForm.Paper && settings.Reduction == KdReduction.Mean)
        {
            throw new ArgumentOutOfRangeException(
                nameof(settings),
                settings.Reduction,
                "expected None, Sum or BatchMean for the paper's form, which has one norm per sample, but got Mean");
        }
    }

    private static void Run(
        MapView student,
        MapView teacher,
        in AttentionSquaredSettings settings,
        RowsView? loss,
        RowsView? upstream,
        RowsView? gradient,
        CudaQueue? queue)
    {
        var problem = new AttentionProblem
        {
            Student = student,
            Teacher = teacher,
            Settings = settings,
            Loss = loss,
            Upstream = upstream,
            Gradient = gradient,
        };
        if (student.Rows.Device.Type == KdDeviceType.Cuda)
            AttentionSquaredCuda.Run(AttentionCall.Of(problem), queue);
        else
            AttentionSquaredCpu.Run(new Program(problem), student.Rows.ElementType, settings.Power);
    }

    private readonly struct Program(AttentionProblem problem) : IAttentionProgram
    {
        public void Run<TVector, TElement, TPower>()
            where TVector : unmanaged, IWideVector<TVector>
            where TElement : unmanaged
            where TPower : struct, IAttentionPower
        {
            double sum = new AttentionSquaredWork<TVector, TElement, TPower>(problem).Run();
            if (problem.Loss is { } loss && problem.Settings.Reduction != KdReduction.None)
                Memory.Write(loss, 0, 0, sum / problem.Divisor);
        }
    }
}
