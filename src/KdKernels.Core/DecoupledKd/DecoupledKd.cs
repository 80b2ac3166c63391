namespace KdKernels.Core;

/// <summary>
/// Decoupled knowledge distillation (Zhao, Cui, Song, Qiu and Liang 2022, section 3), per row with label y:
/// <code>
/// loss = T² · [alpha · KL(b_t ‖ b_s) + beta · KL(p̂ ‖ q̂)]
/// </code>
/// where b = (probability of y, of the rest) and p̂, q̂ are the softmax over the other classes, of teacher / T and of
/// student / T.
/// <para>Numerator: both parts of each valid row. Divisor: see <see cref="KdReduction"/>. Power of T: 2 on both (0 when
/// <see cref="DecoupledKdSettings.TemperatureSquared"/> is false). Nothing is detached: both gradients are available,
/// each only when asked for.</para>
/// <para>Gradients for upstream g and divisor N, with P and Q the label's probabilities of teacher and student, V = P(1
/// − P)(log(P/(1 − P)) − log(Q/(1 − Q))): student <c>g·T·alpha·(Q − P) / N</c> at the label and
/// <c>g·T·[beta·(q̂ − p̂) − alpha·(Q − P)·q̂] / N</c> elsewhere; teacher <c>g·T·alpha·V / N</c> at the label and
/// <c>g·T·[beta·p̂⊙(log p̂ − log q̂ − KL) − alpha·V·p̂] / N</c> elsewhere.</para>
/// <para>The label's class is left out, not masked by a large negative number, and the rest's probability is a
/// difference of log-sum-exps, not a sum of probabilities that may be 0. With two classes the second part is
/// identically 0 and has no gradient: a binary task has nothing to decouple. T = ∞ is refused.</para>
/// <para>−inf logits: as <see cref="TemperedKl"/>, for each of the two divergences; a row without any other class left
/// is NaN. A part of weight 0 is left out even where it is infinite. NaN logits make their row (and the reduced value)
/// NaN, no other row.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads, the position of a row or its alignment.</para>
/// </summary>
public static class DecoupledKd
{
    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Raw logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="teacher">Raw logits of the same shape and element type.</param>
    /// <param name="labels">Class of each row: Int64, shape [outer, inner, 1], in [0, C) or the ignored index. On CUDA, where nobody looks at
    /// them beforehand, any other label makes its row NaN.</param>
    /// <param name="settings">alpha, beta, T, reduction, mask.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or label is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A weight, the temperature or the reduction is not as
    /// expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student,
        RowsView teacher,
        RowsView labels,
        in DecoupledKdSettings settings,
        RowsView loss,
        CudaQueue? queue = null) =>
        Run(new KlOperands(student, teacher, loss), labels, settings, queue);

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
        RowsView labels,
        in DecoupledKdSettings settings,
        RowsView loss,
        RowsView? studentGradient,
        RowsView? teacherGradient = null,
        CudaQueue? queue = null) => Run(
            new KlOperands(
                student, teacher, loss, StudentGradient: studentGradient, TeacherGradient: teacherGradient),
            labels,
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
        RowsView labels,
        in DecoupledKdSettings settings,
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
            labels,
            settings,
            queue);

    private static void Run(in KlOperands operands, RowsView labels, in DecoupledKdSettings settings, CudaQueue? queue)
    {
        operands.Check(settings.Reduction, labels);
        if (operands.Student.Length < 2)
        {
            throw new ArgumentException(
                $"expected 2 classes or more, one of them the label's, but got {operands.Student.Shape}", "student");
        }

        Guard.IsWeight(settings.Alpha, "alpha");
        Guard.IsWeight(settings.Beta, "beta");
        Guard.IsFiniteTemperature(settings.Temperature, "temperature");
        KlProblem problem = Describe(operands, labels, settings);
        if (operands.Student.Device.Type == KdDeviceType.Cuda)
            DecoupledKdCuda.Run(problem, queue);
        else
            DecoupledKdCpu.Run(problem);
    }

    private static KlProblem Describe(in KlOperands operands, RowsView labels, in DecoupledKdSettings settings)
    {
        return new KlProblem
        {
            Student = operands.Student,
            Teacher = operands.Teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            Form = KlForm.Decoupled,
            TargetWeight = settings.Alpha,
            OtherWeight = settings.Beta,
            Labels = labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = operands.Loss,
            Upstream = operands.Upstream,
            StudentGradient = operands.StudentGradient,
            TeacherGradient = operands.TeacherGradient,
        };
    }
}
