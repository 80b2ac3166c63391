namespace KdKernels.Core;

/// <summary>
/// The cross-entropy of the student under the teacher's tempered distribution, with weights of the classes (Chen, Choi,
/// Yu, Han and Chandraker, NIPS 2017, section 3.2, equation 3), per row:
/// <code>
/// loss = −T² · Σ_c w_c p_c log q_c      p = softmax(teacher / T), q = softmax(student / T), w = 1 unless given
/// </code>
/// <para>Numerator: the sum over classes of each valid row; the weights are inside of it, one per class, not one per
/// row. Divisor: valid rows for <see cref="KdReduction.BatchMean"/>, valid rows x classes for
/// <see cref="KdReduction.Mean"/>, 1 for None and Sum; weights do not change it. Power of T: 2 (0 when
/// <see cref="SoftCrossEntropySettings.TemperatureSquared"/> is false). The teacher is detached: it has no
/// gradient.</para>
/// <para>Gradient for upstream g and divisor N: <c>g·T·(q·Σ_c w_c p_c − w⊙p)/N</c> (1/T in place of T without the T²).
/// It is the gradient of <see cref="TemperedKl"/>, from which this loss differs by <c>−T²·Σ_c w_c p_c log p_c</c>; the
/// kernel is the same one, so that neither takes the logarithm of a probability, and the gradient of a student near
/// its teacher keeps its digits.</para>
/// <para>−inf logits: a class that the teacher excludes contributes 0; one that only the student excludes makes the row
/// +inf (its gradient stays finite); a row that either side excludes entirely is NaN. NaN logits make their row (and
/// the reduced value) NaN, no other row.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads, the position of a row or its alignment.</para>
/// </summary>
public static class SoftCrossEntropy
{
    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Raw logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="teacher">Raw logits of the same shape and element type.</param>
    /// <param name="settings">T, reduction, weights, mask.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The temperature or the reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(RowsView student, RowsView teacher, in SoftCrossEntropySettings settings, RowsView loss, CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Run(Describe(student, teacher, settings, loss, upstream: null, gradient: null), queue);
    }

    /// <summary>
    /// Writes the loss and, from the same read, the student's gradient for an upstream gradient of 1 (of every row's
    /// value, for <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="gradient">Where the student's gradient goes; the student's shape, any strides.</param>
    public static void ForwardWithGradient(
        RowsView student, RowsView teacher, in SoftCrossEntropySettings settings, RowsView loss, RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Guard.IsGradient(gradient, student);
        Run(Describe(student, teacher, settings, loss, upstream: null, gradient), queue);
    }

    /// <summary>Recomputes from the logits and writes the gradient for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the loss's shape and element type; any strides.</param>
    public static void Backward(
        RowsView student, RowsView teacher, in SoftCrossEntropySettings settings, RowsView upstream, RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsUpstream(upstream, student, settings.Reduction);
        Guard.IsGradient(gradient, student);
        Run(Describe(student, teacher, settings, loss: null, upstream, gradient), queue);
    }

    private static void Run(KlProblem problem, CudaQueue? queue)
    {
        if (problem.Student.Device.Type == KdDeviceType.Cuda)
            SoftCrossEntropyCuda.Run(problem, queue);
        else
            SoftCrossEntropyCpu.Run(problem);
    }

    private static KlProblem Describe(
        RowsView student,
        RowsView teacher,
        in SoftCrossEntropySettings settings,
        RowsView? loss,
        RowsView? upstream,
        RowsView? gradient) => new()
        {
            Student = student,
            Teacher = teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            ClassWeights = settings.ClassWeights,
            Labels = settings.Labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            WithTeacherEntropy = true,
            Loss = loss,
            Upstream = upstream,
            StudentGradient = gradient,
        };

    private static void CheckInputs(RowsView student, RowsView teacher, in SoftCrossEntropySettings settings)
    {
        Guard.IsLogits(student);
        Guard.Matches(teacher, student);
        Guard.IsFiniteTemperature(settings.Temperature, "temperature");
        Guard.IsReduction(settings.Reduction, "reduction");
        if (settings.ClassWeights is { } weights)
            Guard.HasShape(
                weights, Guard.ResultType(student), 1, 1, student.Length, student.Device, "classWeights");
        if (settings.Labels is { } labels)
            Guard.HasShape(labels, KdElementType.Int64, student.Outer, student.Inner, 1, student.Device, "labels");
    }
}
