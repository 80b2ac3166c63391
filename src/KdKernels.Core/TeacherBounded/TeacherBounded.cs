namespace KdKernels.Core;

/// <summary>
/// The teacher-bounded regression loss of detectors (Chen, Choi, Yu, Han and Chandraker, NIPS 2017, section 3.3,
/// equations 4 and 5), per row, which is one box of D offsets:
/// <code>
/// loss = ν·b_s where b_s + m > b_t, else 0      b_s = ‖s − y‖², b_t = ‖t − y‖²
/// </code>
/// with, where <see cref="TeacherBoundedSettings.SmoothL1"/>, the sum over the offsets of smooth L1 of s − y beside it.
/// <para>Numerator: the sum over the offsets of each foreground box. Divisor: foreground boxes for
/// <see cref="KdReduction.BatchMean"/>, foreground boxes x D for <see cref="KdReduction.Mean"/>, 1 for None and Sum.
/// Background boxes have no target: whatever they hold, they give 0, get no gradient and are not counted, so that they
/// cannot hide the loss. Without any foreground the means are NaN as everywhere in this library, and no box has a
/// gradient; a detector that meets such batches sums and divides by <c>max(count, 1)</c>. There is no temperature. Only
/// the student has a gradient.</para>
/// <para>Gradient for upstream g and divisor N: <c>g·2ν(s − y)/N</c> where the loss is on, 0 where it is off (and
/// <c>g·clamp((s − y)/β, −1, 1)/N</c> of the smooth L1 loss beside it). The loss jumps where the student passes the
/// bound; no gradient sees that. The bound is judged in the element type, in single precision for
/// 16-bit boxes.</para>
/// <para>A NaN makes its foreground box NaN, value and gradient. One read of everything; deterministic: the bits of a
/// box depend on that box alone, those of the reduced value on the shape and the boxes, never on the number of
/// threads.</para>
/// </summary>
public static class TeacherBounded
{
    /// <summary>Writes the loss: one value, or one per box for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">R_s, the student's box offsets: rows of D, Float32 or Float64 on the CPU; Float32, Float16 or
    /// BFloat16 on CUDA.</param>
    /// <param name="teacher">R_t, the teacher's, of the same shape and element type.</param>
    /// <param name="target">y, the regression targets, likewise.</param>
    /// <param name="settings">Margin, weights, reduction and foreground.</param>
    /// <param name="loss">Result in the same type, Float32 for 16-bit boxes: shape [1, 1, 1], or [outer, inner, 1] for
    /// None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student,
        RowsView teacher,
        RowsView target,
        in TeacherBoundedSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, target, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Run(Describe(student, teacher, target, settings) with { Loss = loss }, queue);
    }

    /// <summary>
    /// Writes the loss and, from the same read, the gradient for an upstream gradient of 1 (of every box's value, for
    /// <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="gradient">Where the student's gradient goes; the student's shape, any strides.</param>
    public static void ForwardWithGradient(
        RowsView student,
        RowsView teacher,
        RowsView target,
        in TeacherBoundedSettings settings,
        RowsView loss,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, target, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Guard.IsGradient(gradient, student);
        Run(Describe(student, teacher, target, settings) with { Loss = loss, StudentGradient = gradient }, queue);
    }

    /// <summary>Recomputes from the operands and writes the gradient for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the loss's shape and element type; any strides on the CPU,
    /// contiguous on CUDA.</param>
    public static void Backward(
        RowsView student,
        RowsView teacher,
        RowsView target,
        in TeacherBoundedSettings settings,
        RowsView upstream,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, target, settings);
        Guard.IsUpstream(upstream, student, settings.Reduction);
        Guard.IsGradient(gradient, student);
        Run(
            Describe(student, teacher, target, settings) with { Upstream = upstream, StudentGradient = gradient }, queue);
    }

    private static void Run(BoundedProblem problem, CudaQueue? queue)
    {
        if (problem.Student.Device.Type == KdDeviceType.Cuda)
            TeacherBoundedCuda.Run(problem, queue);
        else
            TeacherBoundedCpu.Run(problem);
    }

    private static BoundedProblem Describe(
        RowsView student, RowsView teacher, RowsView target, in TeacherBoundedSettings settings) =>
        new() { Student = student, Teacher = teacher, Target = target, Settings = settings };

    private static void CheckInputs(
        RowsView student, RowsView teacher, RowsView target, in TeacherBoundedSettings settings)
    {
        Guard.IsLogits(student);
        Guard.Matches(teacher, student);
        Guard.Matches(target, student);
        Guard.IsReduction(settings.Reduction, "reduction");
        IsAtLeastZero(settings.Margin, "margin");
        IsAtLeastZero(settings.BoundWeight, "boundWeight");
        if (!(settings.Beta > 0 && double.IsFinite(settings.Beta)))
        {
            throw new ArgumentOutOfRangeException(
                "beta", settings.Beta, $"expected a positive finite beta but got {settings.Beta}");
        }

        if (settings.Foreground is { } foreground)
        {
            Guard.HasShape(
                foreground, KdElementType.Int64, student.Outer, student.Inner, 1, student.Device, nameof(foreground));
        }
    }

    private static void IsAtLeastZero(double value, string name)
    {
        if (!(value >= 0 && double.IsFinite(value)))
        {
            throw new ArgumentOutOfRangeException(
                name, value, $"expected a finite {name} of 0 or more but got {value}");
        }
    }
}
