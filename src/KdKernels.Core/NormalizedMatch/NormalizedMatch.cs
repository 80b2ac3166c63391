namespace KdKernels.Core;

/// <summary>
/// The squared distance of normalised rows, for Jacobian rows and maps:
/// <code>
/// ℓ = ‖ŝ − t̂‖²     ŝ = s / max(‖s‖, eps)     t̂ = t / max(‖t‖, eps)
/// </code>
/// which is 2 − 2 cos(s, t) where no norm is below eps.
/// <para>Numerator: the sum over the elements of each row. Divisor: 1 for None and Sum, rows for
/// <see cref="KdReduction.BatchMean"/>, rows x elements for <see cref="KdReduction.Mean"/>. The teacher is a
/// constant.</para>
/// <para>Gradient for upstream g and divisor N: <c>(2g / (N max(‖s‖, eps))) (ŝ − t̂ − κŝ)</c> with κ = ⟨ŝ, ŝ − t̂⟩, which is
/// 1 − cos, so that the vector is cos·ŝ − t̂; 0 where ‖s‖ is below eps: a dead row must not outweigh all others.</para>
/// <para>2 − 2 cos has no digits left where the rows are nearly parallel, and neither has cos·ŝ − t̂. So the rows are
/// subtracted first: e = s − ρt with ρ ≈ ‖s‖/‖t‖ rounded to the element type, one rounding per element, and with E = ‖e‖²
/// and F = ⟨e, s + ρt⟩ = ‖s‖² − ρ²‖t‖²:</para>
/// <code>
/// ℓ = (E − (F / (‖s‖ + ρ‖t‖))²) / (‖s‖ ρ‖t‖)     ŝ − t̂ = (e − Δt) / ‖s‖     Δ = ‖s‖/‖t‖ − ρ = F / (‖t‖ (‖s‖ + ρ‖t‖))
/// </code>
/// <para>The first pass over a row (norms) brings it into the cache, the second (E and F) and the gradient's read it
/// there. float32 rows whose squares leave single precision are computed in double; on CUDA every row is scaled by a power of
/// two first, and e is summed in parts that each have a ρ of their own.</para>
/// <para>A NaN or infinity in a row of either operand makes NaN of that row's loss and gradient (and of the reduced value),
/// of no other row; so do squared norms beyond double. Zero rows are no NaN: against each other they give 0, against
/// others 1.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads or the position of a row; on the CPU not on its alignment either.</para>
/// </summary>
public static class NormalizedMatch
{
    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Rows s, any strides: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on CUDA.</param>
    /// <param name="teacher">Rows t, of the same shape and element type, any strides.</param>
    /// <param name="settings">Reduction and eps.</param>
    /// <param name="loss">Result in the operands' element type, Float32 for 16-bit ones: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The reduction or eps is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student,
        RowsView teacher,
        in NormalizedMatchSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Run(Describe(student, teacher, settings, loss, upstream: null, gradient: null), queue);
    }

    /// <summary>
    /// Writes the loss and the student's gradient for an upstream gradient of 1 (of every row's value, for
    /// <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="studentGradient">The student's shape and element type, any strides.</param>
    public static void ForwardWithGradient(
        RowsView student,
        RowsView teacher,
        in NormalizedMatchSettings settings,
        RowsView loss,
        RowsView studentGradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Guard.IsGradient(studentGradient, student);
        Run(Describe(student, teacher, settings, loss, upstream: null, studentGradient), queue);
    }

    /// <summary>Recomputes from the operands and writes the student's gradient for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param[@name!='loss']"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the loss's shape and element type; any strides.</param>
    public static void Backward(
        RowsView student,
        RowsView teacher,
        in NormalizedMatchSettings settings,
        RowsView upstream,
        RowsView studentGradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, settings);
        Guard.IsUpstream(upstream, student, settings.Reduction);
        Guard.IsGradient(studentGradient, student);
        Run(Describe(student, teacher, settings, loss: null, upstream, studentGradient), queue);
    }

    private static void Run(MatchProblem problem, CudaQueue? queue)
    {
        if (problem.Student.Device.Type == KdDeviceType.Cuda)
            NormalizedMatchCuda.Run(problem, queue);
        else
            NormalizedMatchCpu.Run(problem);
    }

    private static MatchProblem Describe(
        RowsView student,
        RowsView teacher,
        in NormalizedMatchSettings settings,
        RowsView? loss,
        RowsView? upstream,
        RowsView? gradient) =>
        new()
        {
            Student = student,
            Teacher = teacher,
            Settings = settings,
            Loss = loss,
            Upstream = upstream,
            Gradient = gradient,
        };

    private static void CheckInputs(RowsView student, RowsView teacher, in NormalizedMatchSettings settings)
    {
        Guard.IsOperand(student);
        Guard.Matches(teacher, student);
        Guard.IsReduction(settings.Reduction, "reduction");
        if (settings.Epsilon is not (> 0 and <= Guard.LargestTemperature))
        {
            throw new ArgumentOutOfRangeException(
                "epsilon", settings.Epsilon, $"expected an epsilon in (0, 1e100] but got {settings.Epsilon}");
        }
    }
}
