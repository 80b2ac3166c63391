namespace KdKernels.Core;

/// <summary>
/// Regression of the teacher's logits (Ba and Caruana, NIPS 2014, section 2.2, equation 1), per row:
/// <code>
/// loss = ½ Σ_c (s_c − t_c)²
/// </code>
/// <para>Numerator: half the sum of squares over the classes of each row (the whole of it where
/// <see cref="LogitRegressionSettings.Half"/> is false). Divisor: rows for <see cref="KdReduction.BatchMean"/>, rows x
/// classes for <see cref="KdReduction.Mean"/>, 1 for None and Sum. There is no temperature. Nothing is detached: both
/// gradients are available, each only when asked for.</para>
/// <para>Gradients for upstream g and divisor N: student <c>g·(s − t)/N</c>, teacher its negative; twice that without
/// the half. Logits are regressed as they are, not as probabilities: torch's <c>mse_loss</c> of softmaxes, which some
/// code bases call by this name, is another loss.</para>
/// <para>One read of both, from which value and gradients are written. Squares are summed in the element type over at
/// most 128 of a lane, beyond that in double; a square that overflows the element type gives +inf. A NaN or infinite
/// logit makes its row NaN or infinite, as the formula says, no other row.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads or the position of a row.</para>
/// </summary>
public static class LogitRegression
{
    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on
    /// CUDA.</param>
    /// <param name="teacher">Logits of the same shape and element type.</param>
    /// <param name="settings">Reduction and half.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student,
        RowsView teacher,
        in LogitRegressionSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Run(Describe(student, teacher, settings) with { Loss = loss }, queue);
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
        in LogitRegressionSettings settings,
        RowsView loss,
        RowsView? studentGradient,
        RowsView? teacherGradient = null,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        CheckGradients(student, studentGradient, teacherGradient);
        Run(
            Describe(student, teacher, settings) with
            {
                Loss = loss,
                StudentGradient = studentGradient,
                TeacherGradient = teacherGradient,
            },
            queue);
    }

    /// <summary>Writes the gradients for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the loss's shape and element type; any strides.</param>
    public static void Backward(
        RowsView student,
        RowsView teacher,
        in LogitRegressionSettings settings,
        RowsView upstream,
        RowsView? studentGradient,
        RowsView? teacherGradient = null,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsUpstream(upstream, student, settings.Reduction);
        CheckGradients(student, studentGradient, teacherGradient);
        Run(
            Describe(student, teacher, settings) with
            {
                Upstream = upstream,
                StudentGradient = studentGradient,
                TeacherGradient = teacherGradient,
            },
            queue);
    }

    private static void Run(SquaredErrorProblem problem, CudaQueue? queue)
    {
        if (problem.Student.Device.Type == KdDeviceType.Cuda)
            LogitRegressionCuda.Run(problem, queue);
        else
            LogitRegressionCpu.Run(problem);
    }

    private static SquaredErrorProblem Describe(
        RowsView student, RowsView teacher, in LogitRegressionSettings settings) => new()
        {
            Student = student,
            Teacher = teacher,
            Factor = settings.Half ? 0.5 : 1,
            Reduction = settings.Reduction,
        };

    private static void CheckInputs(RowsView student, RowsView teacher, in LogitRegressionSettings settings)
    {
        Guard.IsLogits(student);
        Guard.Matches(teacher, student);
        Guard.IsReduction(settings.Reduction, "reduction");
    }

    private static void CheckGradients(RowsView student, RowsView? studentGradient, RowsView? teacherGradient)
    {
        if (studentGradient is { } s) Guard.IsGradient(s, student, nameof(studentGradient));
        if (teacherGradient is { } t) Guard.IsGradient(t, student, nameof(teacherGradient));
    }
}
