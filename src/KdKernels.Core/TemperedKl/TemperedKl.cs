namespace KdKernels.Core;

/// <summary>
/// The tempered Kullback-Leibler divergence of logits, per row:
/// <code>
/// loss = T² · Σ_c w_c p_c (log p_c − log q_c)      p = softmax(teacher / T), q = softmax(student / T), w = 1 unless
/// given
/// </code>
/// <para>Numerator: the sum over classes of each valid row. Divisor: see <see cref="KdReduction"/>; class weights do
/// not change it. Power of T: 2 (0 when <see cref="TemperedKlSettings.TemperatureSquared"/> is false). Nothing is
/// detached: both gradients are available, each only when asked for.</para>
/// <para>Gradients for upstream g and divisor N: student <c>g·T·(q·Σw p − w⊙p) / N</c>, teacher
/// <c>g·T·p⊙(w⊙(log p − log q + 1) − loss/T² − Σw p) / N</c>; without weights these are <c>g·T·(q − p)/N</c> and
/// <c>g·T·p⊙(log p − log q − KL)/N</c>. Loss and gradients come from one formula that does not cancel
/// (<c>q − p = p·expm1(−(log p − log q))</c>), so they hold for a student near its teacher and for large T.</para>
/// <para>T = ∞ is the limit, logit matching: with D = student − teacher, <c>(1/2C)·Σ(D − mean D)²</c>, student gradient
/// <c>(D − mean D)/C</c>, teacher gradient its negative. Class weights, −inf logits and TemperatureSquared = false have
/// no limit and are refused.</para>
/// <para>−inf logits: a class that the teacher excludes contributes 0; one that only the student excludes makes the row
/// +inf (its student gradient stays finite, its teacher gradient is not); a row that either side excludes entirely is
/// NaN. NaN logits make their row (and the reduced value) NaN, no other row.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads, the position of a row or its alignment.</para>
/// </summary>
public static class TemperedKl
{
    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Raw logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="teacher">Raw logits of the same shape and element type.</param>
    /// <param name="settings">T, reduction, weights, mask.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type, device or combination of settings is not as
    /// expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The temperature or the reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student, RowsView teacher, in TemperedKlSettings settings, RowsView loss, CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Run(
            Describe(student, teacher, settings, loss, upstream: null, studentGradient: null, teacherGradient: null),
            queue);
    }

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
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        CheckGradients(student, studentGradient, teacherGradient);
        Run(Describe(student, teacher, settings, loss, upstream: null, studentGradient, teacherGradient), queue);
    }

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
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsUpstream(upstream, student, settings.Reduction);
        CheckGradients(student, studentGradient, teacherGradient);
        Run(Describe(student, teacher, settings, loss: null, upstream, studentGradient, teacherGradient), queue);
    }

    private static void Run(KlProblem problem, CudaQueue? queue)
    {
        if (problem.Student.Device.Type == KdDeviceType.Cuda)
            TemperedKlCuda.Run(problem, queue);
        else
            TemperedKlCpu.Run(problem);
    }

    /// <summary>A distillation problem without the cross-entropy part.</summary>
    private static KlProblem Describe(
        RowsView student,
        RowsView teacher,
        in TemperedKlSettings settings,
        RowsView? loss,
        RowsView? upstream,
        RowsView? studentGradient,
        RowsView? teacherGradient) => new()
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
            Loss = loss,
            Upstream = upstream,
            StudentGradient = studentGradient,
            TeacherGradient = teacherGradient,
        };

    private static void CheckInputs(RowsView student, RowsView teacher, in TemperedKlSettings settings)
    {
        Guard.IsLogits(student);
        Guard.Matches(teacher, student);
        Guard.IsTemperature(settings.Temperature, "temperature");
        Guard.IsReduction(settings.Reduction, "reduction");
        Guard.AllowsLimit(settings.Temperature, settings.TemperatureSquared, settings.ClassWeights);
        if (settings.ClassWeights is { } weights)
            Guard.HasShape(
                weights, Guard.ResultType(student), 1, 1, student.Length, student.Device, "classWeights");
        if (settings.Labels is { } labels)
            Guard.HasShape(labels, KdElementType.Int64, student.Outer, student.Inner, 1, student.Device, "labels");
    }

    private static void CheckGradients(RowsView student, RowsView? studentGradient, RowsView? teacherGradient)
    {
        if (studentGradient is { } s) Guard.IsGradient(s, student, nameof(studentGradient));
        if (teacherGradient is { } t) Guard.IsGradient(t, student, nameof(teacherGradient));
    }
}
