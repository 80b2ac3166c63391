namespace KdKernels.Core;

/// <summary>
/// Variational information distillation (Ahn et al., CVPR 2019, equations 5 and 6): the negative log-likelihood of the
/// teacher's features under a Gaussian whose mean the student predicts and whose variance each channel learns. Per row
/// (one position b, h, w of the features):
/// <code>
/// loss = Σ_c ½[(t_c − μ_c)²/v_c + log v_c]      v_c = softplus(ρ_c) + ε
/// </code>
/// <para>Numerator: the sum over channels of each row. Divisor: rows x channels for <see cref="KdReduction.Mean"/>,
/// which is the paper's mean over B, C, H and W; rows for <see cref="KdReduction.BatchMean"/>; 1 for None and Sum. The
/// constant ½·log 2π is dropped unless <see cref="VidLikelihoodSettings.WithConstant"/>. There is no temperature. The
/// teacher is detached: it has no gradient.</para>
/// <para>Gradients for upstream g_r and divisor N: <c>dμ = g_r·(μ − t)/(v·N)</c> and
/// <c>dρ_c = σ(ρ_c)·½·(Σ_r g_r/v_c − Σ_r g_r(t − μ)²/v_c²)/N</c>. A channel without residual has a positive dρ: its
/// variance shrinks. One read of μ and t gives the loss, dμ and the squares of each channel that dρ is made from;
/// None, whose rows are sums across the channels, takes a second one.</para>
/// <para>softplus is max(ρ, 0) + log1p(e^−|ρ|) and everything of a channel (v, 1/v, log v, σ) is taken in double, so
/// that ρ = ±100 are as exact as ρ = 0; on CUDA in single precision, in which softplus is 0 below ρ = −87. A NaN or infinite feature makes its row and its channel's dρ NaN or infinite,
/// as the formula says, and no gradient of another element.</para>
/// <para>Deterministic: the bits depend on the operands and their layout, never on the number of threads.</para>
/// </summary>
public static class VidLikelihood
{
    /// <summary>The ε of the published code.</summary>
    public const double DefaultEpsilon = 1e-5;

    private const double SmallestEpsilon = 1e-30;
    private const double LargestEpsilon = 1e30;

    /// <summary>
    /// The ρ at which softplus(ρ) + ε is the wanted variance: <c>log(e^(variance − ε) − 1)</c>, without overflow.
    /// </summary>
    /// <param name="variance">The variance that channels start from; the published code starts from 5.</param>
    /// <param name="epsilon">ε.</param>
    /// <exception cref="ArgumentOutOfRangeException">The variance is infinite, or not above ε.</exception>
    public static double InitialRho(double variance, double epsilon = DefaultEpsilon)
    {
        IsEpsilon(epsilon);
        double softplus = variance - epsilon;
        if (!(softplus > 0 && double.IsFinite(softplus)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(variance), variance, $"expected a finite variance above epsilon = {epsilon} but got {variance}");
        }

        return softplus + Math.Log(-ScalarMath.Expm1(-softplus));
    }

    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">μ, the student's prediction of the teacher's features: rows of C channels, Float32 or
    /// Float64 on the CPU; Float32, Float16 or BFloat16 on CUDA.</param>
    /// <param name="teacher">The teacher's features, of the same shape and element type.</param>
    /// <param name="rho">ρ of each channel: one row of C elements of the same type.</param>
    /// <param name="settings">Reduction, ε and constant.</param>
    /// <param name="loss">Result in the same type, Float32 for 16-bit features: shape [1, 1, 1], or [outer, inner, 1] for
    /// None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">ε or the reduction is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student,
        RowsView teacher,
        RowsView rho,
        in VidLikelihoodSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, rho, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        Run(Describe(student, teacher, rho, settings) with { Loss = loss }, queue);
    }

    /// <summary>
    /// Writes the loss and, from the same read, the gradients for an upstream gradient of 1 (of every row's value, for
    /// <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="studentGradient">Where dμ goes; the student's shape, any strides; null: not wanted.</param>
    /// <param name="rhoGradient">Where dρ goes: one row of C elements; null: not wanted.</param>
    public static void ForwardWithGradient(
        RowsView student,
        RowsView teacher,
        RowsView rho,
        in VidLikelihoodSettings settings,
        RowsView loss,
        RowsView? studentGradient,
        RowsView? rhoGradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, rho, settings);
        Guard.IsLoss(loss, student, settings.Reduction);
        CheckGradients(student, rho, studentGradient, rhoGradient);
        VidProblem problem = Describe(student, teacher, rho, settings) with
        {
            Loss = loss,
            StudentGradient = studentGradient,
            RhoGradient = rhoGradient,
        };
        Run(problem, queue);
    }

    /// <summary>Recomputes from the operands and writes the gradients for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the loss's shape and element type; any strides on the CPU,
    /// contiguous on CUDA.</param>
    public static void Backward(
        RowsView student,
        RowsView teacher,
        RowsView rho,
        in VidLikelihoodSettings settings,
        RowsView upstream,
        RowsView? studentGradient,
        RowsView? rhoGradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, rho, settings);
        Guard.IsUpstream(upstream, student, settings.Reduction);
        CheckGradients(student, rho, studentGradient, rhoGradient);
        VidProblem problem = Describe(student, teacher, rho, settings) with
        {
            Upstream = upstream,
            StudentGradient = studentGradient,
            RhoGradient = rhoGradient,
        };
        Run(problem, queue);
    }

    private static void Run(VidProblem problem, CudaQueue? queue)
    {
        if (problem.Student.Device.Type == KdDeviceType.Cuda)
            VidLikelihoodCuda.Run(problem, queue);
        else
            VidLikelihoodCpu.Run(problem);
    }

    private static VidProblem Describe(
        RowsView student, RowsView teacher, RowsView rho, in VidLikelihoodSettings settings) =>
        new() { Student = student, Teacher = teacher, Rho = rho, Settings = settings };

    private static void CheckInputs(
        RowsView student, RowsView teacher, RowsView rho, in VidLikelihoodSettings settings)
    {
        Guard.IsLogits(student);
        Guard.Matches(teacher, student);
        Guard.HasShape(rho, student.ElementType, 1, 1, student.Length, student.Device);
        Guard.IsReduction(settings.Reduction, "reduction");
        IsEpsilon(settings.Epsilon);
    }

    private static void CheckGradients(
        RowsView student, RowsView rho, RowsView? studentGradient, RowsView? rhoGradient)
    {
        if (studentGradient is { } s) Guard.IsGradient(s, student, nameof(studentGradient));
        if (rhoGradient is { } r) Guard.IsGradient(r, rho, nameof(rhoGradient));
    }

    private static void IsEpsilon(double epsilon)
    {
        if (epsilon is >= SmallestEpsilon and <= LargestEpsilon) return;
        throw new ArgumentOutOfRangeException(
            nameof(epsilon), epsilon, $"expected an epsilon in [1e-30, 1e30] but got {epsilon}");
    }
}
