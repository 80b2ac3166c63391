namespace KdKernels.Core;

/// <summary>
/// Regression of noisy teacher logits (Sau and Balasubramanian, "Deep model compression: distilling knowledge from
/// noisy teachers", 2016, section 3), per row, which is one sample:
/// <code>
/// loss = ½ Σ_c (s_c − t'_c)²      t' = (1 + ξ) ⊙ t with ξ_c ~ N(0, σ²) with probability α, else t' = t
/// </code>
/// <para>Numerator: half the sum of squares over the classes of each row (the whole of it where
/// <see cref="NoisyLogitsSettings.Half"/> is false). Divisor: rows for <see cref="KdReduction.BatchMean"/>, rows x
/// classes for <see cref="KdReduction.Mean"/>, 1 for None and Sum. There is no temperature. Gradients for upstream g
/// and divisor N: student <c>g·(s − t')/N</c>, teacher <c>−g·(1 + ξ)⊙(s − t')/N</c>; twice that without the
/// half.</para>
/// <para>In expectation the student's gradient is that of <see cref="LogitRegression"/> and the loss has the constant
/// ασ²·½‖t‖² more: what the noise adds is noise of the gradient.</para>
/// <para>The noise of a class is a function of (seed, step, sample, class) and the choice of a sample one of (seed,
/// step, sample), from streams of their own, see <see cref="Noise"/>. So it does not depend on the batch around a
/// sample, the number of threads or the vector width; nothing of it is stored, and backward makes it again. CUDA makes
/// the bits that the CPU makes of Float32 logits, whose σ is rounded to Float32 first.</para>
/// <para>On the CPU, rows whose classes do not lie side by side are copied into a buffer of one row. Non-finite values
/// and determinism are as in <see cref="LogitRegression"/>.</para>
/// </summary>
public static class NoisyLogits
{
    /// <summary>What a sample's logit of class <paramref name="element"/> is multiplied by, minus 1: σξ, or 0 for a
    /// sample that is not selected.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The sample or the element is negative or too large, or a setting is
    /// not as expected.</exception>
    public static double Noise(in NoisyLogitsSettings settings, long sample, long element)
    {
        CheckSettings(settings);
        IsSample(sample, nameof(sample));
        return settings.IsSelected((uint)sample)
            ? settings.Sigma * PhiloxNormals.At(
                settings.Seed, PhiloxPurpose.NoisyLogits, settings.Step, (uint)sample, element)
            : 0;
    }

    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on
    /// CUDA.</param>
    /// <param name="teacher">The teacher's logits without noise, of the same shape and element type.</param>
    /// <param name="settings">Noise, reduction and half.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA. There, samples must be contiguous, and one
    /// outside of [0, 2^32) makes its row NaN, since looking at it would take waiting.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">σ, α, a sample or the reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student,
        RowsView teacher,
        in NoisyLogitsSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Run(Describe(student, teacher, settings) with { Loss = loss }, settings, queue);
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
        in NoisyLogitsSettings settings,
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
            settings,
            queue);
    }

    /// <summary>Makes the noise again and writes the gradients for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the loss's shape and element type; any strides.</param>
    public static void Backward(
        RowsView student,
        RowsView teacher,
        in NoisyLogitsSettings settings,
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
            settings,
            queue);
    }

    private static void Run(SquaredErrorProblem problem, in NoisyLogitsSettings settings, CudaQueue? queue)
    {
        if (problem.Student.Device.Type == KdDeviceType.Cuda)
            NoisyLogitsCuda.Run(problem, settings, queue);
        else
            NoisyLogitsCpu.Run(problem);
    }

    private static SquaredErrorProblem Describe(
        RowsView student, RowsView teacher, in NoisyLogitsSettings settings) => new()
        {
            Student = student,
            Teacher = teacher,
            Factor = settings.Half ? 0.5 : 1,
            Reduction = settings.Reduction,
            Noise = new LogitNoise(settings),
        };

    private static void CheckInputs(RowsView student, RowsView teacher, in NoisyLogitsSettings settings)
    {
        Guard.IsLogits(student);
        Guard.Matches(teacher, student);
        CheckSettings(settings);
        Guard.IsReduction(settings.Reduction, "reduction");
        if (settings.Samples is { } samples)
        {
            Guard.HasShape(
                samples, KdElementType.Int64, student.Outer, student.Inner, 1, student.Device, nameof(samples));
            if (samples.Device.Type == KdDeviceType.Cpu) AreSamples(samples);
        }
        else if (student.Rows > 0)
        {
            IsSample(settings.FirstSample, "firstSample");
            IsSample(settings.FirstSample + student.Rows - 1, "firstSample");
        }
    }

    private static void CheckSettings(in NoisyLogitsSettings settings)
    {
        if (!(settings.Sigma >= 0 && double.IsFinite(settings.Sigma)))
        {
            throw new ArgumentOutOfRangeException(
                "sigma", settings.Sigma, $"expected a finite sigma of 0 or more but got {settings.Sigma}");
        }

        Guard.IsFraction(settings.Alpha, "alpha");
    }

    private static unsafe void AreSamples(RowsView samples)
    {
        for (long row = 0; row < samples.Rows; row++)
            IsSample(((long*)samples.Data)[samples.RowOffset(row)], nameof(samples));
    }

    private static void IsSample(long sample, string name)
    {
        if (sample is < 0 or > uint.MaxValue)
            throw new ArgumentOutOfRangeException(name, sample, $"expected samples in [0, 2^32) but got {sample}");
    }

    private static void CheckGradients(RowsView student, RowsView? studentGradient, RowsView? teacherGradient)
    {
        if (studentGradient is { } s) Guard.IsGradient(s, student, nameof(studentGradient));
        if (teacherGradient is { } t) Guard.IsGradient(t, student, nameof(teacherGradient));
    }
}
