namespace KdKernels.Core;

/// <summary>
/// The distillation loss of Hinton, Vinyals and Dean (2015, section 2), per row:
/// <code>
/// loss = (1 − alpha) · w_y · CE(softmax(student), y) + alpha · T² · Σ_c w_c p_c (log p_c − log q_c)
/// </code>
/// with p = softmax(teacher / T), q = softmax(student / T), and the metrics of <see cref="HintonMetric"/> from the same
/// read.
/// <para>Numerator: both terms of each valid row. Divisor: see <see cref="KdReduction"/>; class weights do not change
/// it (torch's <c>cross_entropy(weight:)</c> divides its mean by Σ w_y instead). Power of T: 2 on the divergence only.
/// Detached: the teacher and the labels; metrics carry no gradient.</para>
/// <para>Student gradient for upstream g and divisor N:
/// <c>g/N · [(1 − alpha)·w_y·(softmax(student) − onehot(y)) + alpha·T·(q·Σw p − w⊙p)]</c>.</para>
/// <para>−inf, NaN, T = ∞ and determinism: as <see cref="TemperedKl"/>. At T = ∞ the entropies are log C.</para>
/// </summary>
public static class HintonLoss
{
    /// <summary>Columns of the row metrics: the values of <see cref="HintonMetric"/>.</summary>
    public const int MetricCount = 6;

    /// <summary>Writes the loss and the metrics that are asked for.</summary>
    /// <param name="student">Raw logits, rows of C classes: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA.</param>
    /// <param name="teacher">Raw logits of the same shape and element type; gets no gradient.</param>
    /// <param name="labels">Class of each row: Int64, shape [outer, inner, 1], in [0, C) or the ignored index.</param>
    /// <param name="settings">alpha, T, reduction, weights.</param>
    /// <param name="loss">Result in the logits' element type, Float32 for 16-bit logits: shape [1, 1, 1], or
    /// [outer, inner, 1] for None.</param>
    /// <param name="rowMetrics">Float view [outer, inner, 6] of the loss's element type: the columns of
    /// <see cref="HintonMetric"/>.</param>
    /// <param name="totals">Float64 vector of <see cref="HintonTotals.Count"/> values: see
    /// <see cref="HintonTotals"/>.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">
    /// A shape, element type, device or combination of settings is not as expected, or a label is outside [0, C) (the
    /// message has row, value and range; nothing was written). On CUDA such a label makes its row NaN instead, since
    /// looking would mean waiting for the device.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">alpha, the temperature or the reduction is not as
    /// expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView student,
        RowsView teacher,
        RowsView labels,
        in HintonLossSettings settings,
        RowsView loss,
        RowsView? rowMetrics = null,
        RowsView? totals = null,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, labels, settings);
        CheckOutputs(student, settings, loss, rowMetrics, totals);
        Run(
            Describe(
                student, teacher, labels, settings, loss, rowMetrics, totals, upstream: null, studentGradient: null),
            queue);
    }

    /// <summary>
    /// Writes loss, metrics and, from the same read, the student's gradient for an upstream gradient of 1 (of every
    /// row's value, for <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="studentGradient">Where the student's gradient goes; the student's shape, any strides.</param>
    public static void ForwardWithGradient(
        RowsView student,
        RowsView teacher,
        RowsView labels,
        in HintonLossSettings settings,
        RowsView loss,
        RowsView studentGradient,
        RowsView? rowMetrics = null,
        RowsView? totals = null,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, labels, settings);
        CheckOutputs(student, settings, loss, rowMetrics, totals);
        Guard.IsGradient(studentGradient, student);
        Run(
            Describe(student, teacher, labels, settings, loss, rowMetrics, totals, upstream: null, studentGradient),
            queue);
    }

    /// <summary>Recomputes from the logits and writes the student's gradient for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with the shape and element type that the loss has; any
    /// strides.</param>
    public static void Backward(
        RowsView student,
        RowsView teacher,
        RowsView labels,
        in HintonLossSettings settings,
        RowsView upstream,
        RowsView studentGradient,
        CudaQueue? queue = null)
    {
        CheckInputs(student, teacher, labels, settings);
        Guard.IsUpstream(upstream, student, settings.Reduction);
        Guard.IsGradient(studentGradient, student);
        Run(
            Describe(
                student,
                teacher,
                labels,
                settings,
                loss: null,
                rowMetrics: null,
                totals: null,
                upstream,
                studentGradient),
            queue);
    }

    private static void Run(KlProblem problem, CudaQueue? queue)
    {
        if (problem.Student.Device.Type == KdDeviceType.Cuda)
            HintonLossCuda.Run(problem, queue);
        else
            HintonLossCpu.Run(problem);
    }

    /// <summary>A distillation problem with cross-entropy and metrics.</summary>
    private static KlProblem Describe(
        RowsView student,
        RowsView teacher,
        RowsView labels,
        in HintonLossSettings settings,
        RowsView? loss,
        RowsView? rowMetrics,
        RowsView? totals,
        RowsView? upstream,
        RowsView? studentGradient) => new()
        {
            Student = student,
            Teacher = teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            ClassWeights = settings.ClassWeights,
            Labels = labels,
            IgnoreIndex = settings.IgnoreIndex,
            WithCrossEntropy = true,
            KlWeight = settings.Alpha,
            CrossEntropyWeight = 1 - settings.Alpha,
            Loss = loss,
            RowMetrics = rowMetrics,
            Totals = totals,
            Upstream = upstream,
            StudentGradient = studentGradient,
        };

    private static void CheckInputs(RowsView student, RowsView teacher, RowsView labels, in HintonLossSettings settings)
    {
        Guard.IsLogits(student);
        Guard.Matches(teacher, student);
        Guard.HasShape(labels, KdElementType.Int64, student.Outer, student.Inner, 1, student.Device);
        Guard.IsFraction(settings.Alpha, "alpha");
        Guard.IsTemperature(settings.Temperature, "temperature");
        Guard.IsReduction(settings.Reduction, "reduction");
        Guard.AllowsLimit(settings.Temperature, settings.TemperatureSquared, settings.ClassWeights);
        if (settings.ClassWeights is { } weights)
            Guard.HasShape(
                weights, Guard.ResultType(student), 1, 1, student.Length, student.Device, "classWeights");
    }

    private static void CheckOutputs(
        RowsView student, in HintonLossSettings settings, RowsView loss, RowsView? rowMetrics, RowsView? totals)
    {
        Guard.IsLoss(loss, student, settings.Reduction);
        if (rowMetrics is { } metrics)
        {
            Guard.IsOutput(
                metrics,
                Guard.ResultType(student),
                student.Outer,
                student.Inner,
                MetricCount,
                student.Device,
                nameof(rowMetrics));
        }

        if (totals is { } sums)
            Guard.IsOutput(sums, KdElementType.Float64, 1, 1, HintonTotals.Count, student.Device, nameof(totals));
    }
}
