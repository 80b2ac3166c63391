namespace KdKernels.Core;

/// <summary>
/// The tempered Kullback-Leibler divergence in the other direction, per row:
/// <code>
/// loss = T² · Σ_c w_c q_c (log q_c − log p_c)      p = softmax(teacher / T), q = softmax(student / T), w = 1 unless
/// given
/// </code>
/// It is <see cref="TemperedKl"/> with student and teacher exchanged, and so are its gradients, its limit at T = ∞
/// (which is the same) and its settings; one code computes both.
/// <para>Numerator: the sum over classes of each valid row. Divisor: see <see cref="KdReduction"/>; class weights do
/// not change it. Power of T: 2 (0 when <see cref="TemperedKlSettings.TemperatureSquared"/> is false). Nothing is
/// detached: both gradients are available, each only when asked for.</para>
/// <para>Gradients for upstream g and divisor N, without weights: student <c>g·T·q⊙(log q − log p − KL) / N</c>,
/// teacher
/// <c>g·T·(p − q) / N</c>.</para>
/// <para>−inf logits: a class that the student excludes contributes 0; one that only the teacher excludes makes the row
/// +inf; a row that either side excludes entirely is NaN. NaN logits make their row (and the reduced value) NaN, no
/// other row.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads, the position of a row or its alignment.</para>
/// </summary>
public static class ReverseKl
{
    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Raw logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="teacher">Raw logits of the same shape and element type.</param>
    /// <param name="settings">T, reduction, weights, mask.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or combination of settings is not as
    /// expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The temperature or the reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student, RowsView teacher, in TemperedKlSettings settings, RowsView loss, CudaQueue? queue = null) =>
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
        in TemperedKlSettings settings,
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
        in TemperedKlSettings settings,
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

    private static void Run(in KlOperands operands, in TemperedKlSettings settings, CudaQueue? queue)
    {
        operands.Check(settings.Reduction, settings.Labels);
        Guard.IsTemperature(settings.Temperature, "temperature");
        Guard.AllowsLimit(settings.Temperature, settings.TemperatureSquared, settings.ClassWeights);
        if (settings.ClassWeights is { } weights)
        {
            RowsView logits = operands.Student;
            Guard.HasShape(weights, Guard.ResultType(logits), 1, 1, logits.Length, logits.Device, "classWeights");
        }

        KlProblem problem = Describe(operands, settings);
        if (operands.Student.Device.Type == KdDeviceType.Cuda)
            ReverseKlCuda.Run(problem, queue);
        else
            ReverseKlCpu.Run(problem);
    }

    /// <summary>The divergence with its operands exchanged.</summary>
    private static KlProblem Describe(in KlOperands operands, in TemperedKlSettings settings)
    {
        KlOperands exchanged = operands.Swapped;
        return new KlProblem
        {
            Student = exchanged.Student,
            Teacher = exchanged.Teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            IsSwapped = true,
            ClassWeights = settings.ClassWeights,
            Labels = settings.Labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = operands.Loss,
            Upstream = operands.Upstream,
            StudentGradient = exchanged.StudentGradient,
            TeacherGradient = exchanged.TeacherGradient,
        };
    }
}
