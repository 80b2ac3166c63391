namespace KdKernels.Core;

/// <summary>
/// The generalised Jensen-Shannon divergence of tempered logits (Agarwal et al. 2024, section 3.1), per row:
/// <code>
/// loss = T² · [beta · KL(p ‖ m) + (1 − beta) · KL(q ‖ m)]      m = beta · p + (1 − beta) · q
/// </code>
/// with p = softmax(teacher / T) and q = softmax(student / T). 0 for beta 0 and 1, unless
/// <see cref="JsdSettings.KlAtEnds"/>.
/// <para>Numerator: the sum over classes of each valid row. Divisor: see <see cref="KdReduction"/>. Power of T: 2 (0
/// when <see cref="JsdSettings.TemperatureSquared"/> is false). Nothing is detached: both gradients are available, each only
/// when asked for.</para>
/// <para>Gradients for upstream g and divisor N: student <c>g·T·(1 − beta)·q⊙(log(q/m) − KL(q ‖ m)) / N</c>, teacher
/// <c>g·T·beta·p⊙(log(p/m) − KL(p ‖ m)) / N</c>.</para>
/// <para>Everything is made from log q − log p as <see cref="TemperedKl"/> finds it without cancellation; the logarithm
/// of the mixture is one of 1 + b(q/p − 1), never of a sum of probabilities, which underflows to log 0. Per class the
/// two divergences add up to a convex function that is never negative, so a student near its teacher keeps its
/// digits.</para>
/// <para>T = ∞ is the limit, <c>beta(1 − beta)·(1/2C)·Σ(D − mean D)²</c> with D = student − teacher.</para>
/// <para>−inf logits: a class that both exclude contributes 0, one that one side excludes a finite amount; a row that
/// either side excludes entirely is NaN. NaN logits make their row (and the reduced value) NaN, no other row.</para>
/// <para>Deterministic: the bits of a row depend on that row alone, those of the reduced value on the shape and the
/// rows, never on the number of threads, the position of a row or its alignment.</para>
/// </summary>
public static class Jsd
{
    /// <summary>Writes the loss: one value, or one per row for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student">Raw logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="teacher">Raw logits of the same shape and element type.</param>
    /// <param name="settings">T, beta, reduction, mask.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or combination of settings is not as
    /// expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">beta, the temperature or the reduction is not as
    /// expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student, RowsView teacher, in JsdSettings settings, RowsView loss, CudaQueue? queue = null) =>
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
        in JsdSettings settings,
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
        in JsdSettings settings,
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

    private static void Run(in KlOperands operands, in JsdSettings settings, CudaQueue? queue)
    {
        operands.Check(settings.Reduction, settings.Labels);
        Guard.IsFraction(settings.Beta, "beta");
        Guard.IsTemperature(settings.Temperature, "temperature");
        Guard.AllowsLimit(settings.Temperature, settings.TemperatureSquared, classWeights: null);
        if (operands.Student.Device.Type == KdDeviceType.Cuda)
            JsdCuda.Run(operands, settings, queue);
        else
            JsdCpu.Run(operands, settings);
    }
}
