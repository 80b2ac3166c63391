namespace KdKernels.Core;

/// <summary>
/// The self-supervision loss of SSKD (Xu et al., ECCV 2020, section 3.3): how each augmented embedding a resembles the
/// normal embeddings n of its batch, the student's distribution drawn to the teacher's:
/// <code>
/// S_ij = ⟨a_i, n_j⟩ / (‖a_i‖·‖n_j‖)      loss_i = τ²·KL(softmax(S_teacher/τ) ‖ softmax(S_student/τ))
/// </code>
/// <para>Numerator: the sum over the normal embeddings of each kept row. Divisor: see <see cref="KdReduction"/>, of the
/// rows that <see cref="CosineKlSettings.Keep"/> keeps. Power of τ: 2. Detached: the teacher.</para>
/// <para>Gradients for upstream g and divisor N: <c>dS = g·τ·(p_s − p_t)/N</c> without cancellation
/// (<see cref="TemperedKl"/>), <c>dâ = dS·n̂</c>, <c>dn̂ = dSᵀ·â</c>, and back through the division by the norm:
/// <c>(dx̂ − ⟨dx̂, x̂⟩·x̂)/‖x‖</c>. Norms are clamped at 1e-12 as torch's normalize does; where one is, the gradient is 0
/// instead of 1e12 times too large.</para>
/// <para>A NaN in an augmented embedding makes NaN of its row (and of the reduced value); one in a normal embedding of
/// all rows.</para>
/// <para>Deterministic: the same bits for any number of threads; a row's loss and its own gradient depend on that row
/// and the normal embeddings alone.</para>
/// </summary>
public static class CosineKl
{
    /// <summary>Writes the loss: one value, or one per augmented embedding for <see cref="KdReduction.None"/>.</summary>
    /// <param name="studentAugmented"><c>[A, D]</c>, any strides: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on
    /// CUDA, where B, D and E are at most 1024.</param>
    /// <param name="studentNormal"><c>[B, D]</c> of the same element type, B of 1 or more.</param>
    /// <param name="teacherAugmented"><c>[A, E]</c>; E need not be D.</param>
    /// <param name="teacherNormal"><c>[B, E]</c>.</param>
    /// <param name="settings">τ, reduction, which rows are kept.</param>
    /// <param name="loss">Result in the embeddings' element type, Float32 for 16-bit ones: shape [1, 1, 1], or [A, 1, 1] for
    /// None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape or element type is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The temperature or the reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView studentAugmented,
        RowsView studentNormal,
        RowsView teacherAugmented,
        RowsView teacherNormal,
        in CosineKlSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        Check(studentAugmented, studentNormal, teacherAugmented, teacherNormal, settings);
        Guard.IsLoss(loss, studentAugmented, settings.Reduction);
        Run(new CosineProblem
        {
            StudentAugmented = studentAugmented,
            StudentNormal = studentNormal,
            TeacherAugmented = teacherAugmented,
            TeacherNormal = teacherNormal,
            Settings = settings,
            Loss = loss,
        }, queue);
    }

    /// <summary>
    /// Writes the loss and the gradients for an upstream gradient of 1 (of every row's value, for None), the divisor
    /// included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="augmentedGradient">Where the gradient of the student's augmented embeddings goes, any strides; null:
    /// not wanted.</param>
    /// <param name="normalGradient">Where that of its normal embeddings goes, likewise.</param>
    public static void ForwardWithGradient(
        RowsView studentAugmented,
        RowsView studentNormal,
        RowsView teacherAugmented,
        RowsView teacherNormal,
        in CosineKlSettings settings,
        RowsView loss,
        RowsView? augmentedGradient,
        RowsView? normalGradient,
        CudaQueue? queue = null)
    {
        Check(studentAugmented, studentNormal, teacherAugmented, teacherNormal, settings);
        Guard.IsLoss(loss, studentAugmented, settings.Reduction);
        CheckGradients(studentAugmented, studentNormal, augmentedGradient, normalGradient);
        Run(new CosineProblem
        {
            StudentAugmented = studentAugmented,
            StudentNormal = studentNormal,
            TeacherAugmented = teacherAugmented,
            TeacherNormal = teacherNormal,
            Settings = settings,
            Loss = loss,
            AugmentedGradient = augmentedGradient,
            NormalGradient = normalGradient,
        }, queue);
    }

    /// <summary>Recomputes from the embeddings and writes the gradients for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with its shape and element type; any strides.</param>
    public static void Backward(
        RowsView studentAugmented,
        RowsView studentNormal,
        RowsView teacherAugmented,
        RowsView teacherNormal,
        in CosineKlSettings settings,
        RowsView upstream,
        RowsView? augmentedGradient,
        RowsView? normalGradient,
        CudaQueue? queue = null)
    {
        Check(studentAugmented, studentNormal, teacherAugmented, teacherNormal, settings);
        Guard.IsUpstream(upstream, studentAugmented, settings.Reduction);
        CheckGradients(studentAugmented, studentNormal, augmentedGradient, normalGradient);
        if (augmentedGradient is null && normalGradient is null) return;
        Run(new CosineProblem
        {
            StudentAugmented = studentAugmented,
            StudentNormal = studentNormal,
            TeacherAugmented = teacherAugmented,
            TeacherNormal = teacherNormal,
            Settings = settings,
            Upstream = upstream,
            AugmentedGradient = augmentedGradient,
            NormalGradient = normalGradient,
        }, queue);
    }

    private static void Run(CosineProblem problem, CudaQueue? queue)
    {
        if (problem.StudentAugmented.Device.Type == KdDeviceType.Cuda)
            CosineKlCuda.Run(problem, queue);
        else
            CosineKlCpu.Run(problem);
    }

    private static void CheckGradients(
        RowsView augmented, RowsView normal, RowsView? augmentedGradient, RowsView? normalGradient)
    {
        if (augmentedGradient is { } a) Guard.IsGradient(a, augmented, nameof(augmentedGradient));
        if (normalGradient is { } n) Guard.IsGradient(n, normal, nameof(normalGradient));
    }

    private static void Check(
        RowsView studentAugmented,
        RowsView studentNormal,
        RowsView teacherAugmented,
        RowsView teacherNormal,
        in CosineKlSettings settings)
    {
        Guard.IsLogits(studentAugmented);
        Guard.IsOperand(studentNormal);
        Guard.IsLogits(teacherAugmented);
        Guard.IsOperand(teacherNormal);
        (KdElementType type, KdDevice device) = (studentAugmented.ElementType, studentAugmented.Device);
        if (studentNormal.Rows < 1)
        {
            throw new ArgumentException(
                $"expected one normal embedding at least but got {studentNormal.Shape}", nameof(studentNormal));
        }

        Guard.HasShape(
            studentNormal, type, studentNormal.Outer, studentNormal.Inner, studentAugmented.Length, device, nameof(studentNormal));
        Guard.HasShape(
            teacherAugmented,
            type,
            studentAugmented.Outer,
            studentAugmented.Inner,
            teacherAugmented.Length,
            device,
            nameof(teacherAugmented));
        Guard.HasShape(
            teacherNormal, type, studentNormal.Outer, studentNormal.Inner, teacherAugmented.Length, device, nameof(teacherNormal));
        Guard.IsTemperature(settings.Temperature, "temperature");
        Guard.IsReduction(settings.Reduction, "reduction");
        Guard.AllowsLimit(settings.Temperature, settings.TemperatureSquared, classWeights: null);
        if (settings.Keep is { } keep)
            Guard.HasShape(keep, KdElementType.Int64, studentAugmented.Outer, studentAugmented.Inner, 1, device, "keep");
    }
}
