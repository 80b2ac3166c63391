namespace KdKernels.Core;

/// <summary>
/// The total variation distance of tempered logits, per row:
/// <code>
/// loss = ½ Σ_c |p_c − q_c|      p = softmax(teacher / T), q = softmax(student / T)
/// </code>
/// <para>Numerator: the sum over classes of each valid row, in [0, 1]. Divisor: see <see cref="KdReduction"/>. Power of
/// T: 0; the gradient shrinks as 1/T, not as 1/T² as a divergence's, so T² would not balance it. Nothing is detached:
/// both gradients are available, each only when asked for.</para>
/// <para>Gradients for upstream g and divisor N, with s = ½·sign(q − p), 0 at a tie: student
/// <c>g·q⊙(s − Σq·s) / (T·N)</c>, teacher <c>g·p⊙(Σp·s − s) / (T·N)</c>.</para>
/// <para>|p − q| is <c>p·|expm1(log q − log p)|</c>, and s − Σq·s is taken from the mass on the other side of the sign,
/// so that neither a student near its teacher nor a dominating class costs digits.</para>
/// <para>−inf logits: an excluded class has probability 0; a row that either side excludes entirely is NaN. NaN logits
/// make their row (and the reduced value) NaN, no other row. At T = ∞ every row would be 0: refused.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads, the position of a row or its alignment.</para>
/// </summary>
public static class TotalVariation
{
    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Raw logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="teacher">Raw logits of the same shape and element type.</param>
    /// <param name="settings">T, reduction, mask.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The temperature or the reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student, RowsView teacher, in TotalVariationSettings settings, RowsView loss, CudaQueue? queue = null) =>
        Run(new KlOperands(student, teacher, loss), settings, queue);

    /// <summary>
    /// Writes the loss and, from the same read, the gradients for an upstream gradient of 1 (of every row's value, for
    /// <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="studentGradient">Where the student's gradient goes; the student's shape, any strides; null: not
    /// wanted.</param>
    /// <param name="teacherGradient">Where the teacher's gradient goes, likewise.</param>
    public static void ForwardWithGradient(
        RowsView student,
        RowsView teacher,
        in TotalVariationSettings settings,
        RowsView loss,
        RowsView? studentGradient,
        RowsView? teacherGradient = null,
        CudaQueue? queue = null) => Run(
            new KlOperands(
                student, teacher, loss, StudentGradient: studentGradient, TeacherGradient: teacherGradient),
            settings,
            queue);

    /// <summary>Recomputes from the logits and writes the gradients for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the shape and element type that the loss has; any
    /// strides.</param>
    public static void Backward(
        RowsView student,
        RowsView teacher,
        in TotalVariationSettings settings,
        RowsView upstream,
        RowsView? studentGradient,
        RowsView? teacherGradient = null,
        CudaQueue? queue = null) => Run(
            new KlOperands(
                student,
                teacher,
                Upstream: upstream,
                StudentGradient: studentGradient,
                TeacherGradient: teacherGradient),
            settings,
            queue);

    private static void Run(in KlOperands operands, in TotalVariationSettings settings, CudaQueue? queue)
    {
        operands.Check(settings.Reduction, settings.Labels);
        Guard.IsFiniteTemperature(settings.Temperature, "temperature");
        KlProblem problem = Describe(operands, settings);
        if (operands.Student.Device.Type == KdDeviceType.Cuda)
            TotalVariationCuda.Run(problem, queue);
        else
            TotalVariationCpu.Run(problem);
    }

    private static KlProblem Describe(in KlOperands operands, in TotalVariationSettings settings)
    {
        return new KlProblem
        {
            Student = operands.Student,
            Teacher = operands.Teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = false,
            Reduction = settings.Reduction,
            Form = KlForm.TotalVariation,
            Labels = settings.Labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = operands.Loss,
            Upstream = operands.Upstream,
            StudentGradient = operands.StudentGradient,
            TeacherGradient = operands.TeacherGradient,
        };
    }
}
