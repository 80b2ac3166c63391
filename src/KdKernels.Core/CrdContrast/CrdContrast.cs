using System.Globalization;

namespace KdKernels.Core;

/// <summary>
/// Contrastive representation distillation (Tian et al., ICLR 2020, section 3.2 and the reference's NCE form): per
/// anchor v with its own row m₀ of the other network's bank and K negatives m_k,
/// <code>
/// loss = −log(x₀ / (x₀ + c + ε)) − Σ_k log(c / (x_k + c + ε))      x_k = e^(v·m_k/τ) / Z,  c = K/n
/// </code>
/// <para>Numerator: the sum over the K + 1 terms of each anchor. Divisor: 1 for None and Sum, anchors for BatchMean.
/// Power of τ: 0. Detached: the bank and Z, which are state; only anchors receive a gradient.</para>
/// <para>Computed in the log domain, with a_k = v·m_k/τ − log Z − log(c + ε): <c>softplus(−a₀) + Σ softplus(a_k) +
/// K·log1p(ε/c)</c>, which is the formula above for any ε; ε = 0 is the paper's. Gradient for upstream g and divisor N:
/// <c>g/(τN)·(−σ(−a₀)·m₀ + Σ σ(a_k)·m_k)</c>. Each term depends on its own score alone, so that loss and gradient
/// come from one visit of each row; nothing of size B x K x D exists.</para>
/// <para>A NaN in an anchor or in a row makes NaN of the anchors that meet it (and of the reduced value), of no
/// others.</para>
/// <para>Deterministic: the bits of an anchor depend on its own row, positive and negatives and on the bank's shape,
/// never on the batch, the number of threads or alignment. The order of the negatives changes the last bits
/// only.</para>
/// </summary>
public static class CrdContrast
{
    private const double SmallestTemperature = 1e-30;
    private const double LargestTemperature = 1e30;

    /// <summary>Writes the loss: one value, or one per anchor for <see cref="KdReduction.None"/>.</summary>
    /// <param name="anchors"><c>[B, D]</c>, unit rows, any strides: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16
    /// on CUDA, where D is at most 1024.</param>
    /// <param name="bank"><c>[n, D]</c> of the same element type; the elements of a row side by side.</param>
    /// <param name="positives">Int64, one per anchor: its own row.</param>
    /// <param name="negatives">K rows per anchor, given or drawn.</param>
    /// <param name="settings">τ, Z, reduction, ε.</param>
    /// <param name="loss">Result in the anchors' element type, Float32 for 16-bit anchors: shape [1, 1, 1], or [B, 1, 1] for
    /// None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or index is not as expected. On CUDA an index outside of the
    /// bank cannot be seen without waiting: it makes NaN of its anchor's loss and gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView anchors,
        RowsView bank,
        RowsView positives,
        CrdChoice negatives,
        in CrdContrastSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        Check(anchors, bank, positives, negatives, settings);
        Guard.IsLoss(loss, anchors, settings.Reduction);
        Run(Describe(anchors, bank, positives, negatives, settings, loss, null, null), queue);
    }

    /// <summary>
    /// Writes the loss and, from the same visit of the rows, the anchors' gradient for an upstream gradient of 1 (of
    /// every anchor's loss, for None), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="gradient">Where the gradient goes; the anchors' shape and element type, any strides.</param>
    public static void ForwardWithGradient(
        RowsView anchors,
        RowsView bank,
        RowsView positives,
        CrdChoice negatives,
        in CrdContrastSettings settings,
        RowsView loss,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        Check(anchors, bank, positives, negatives, settings);
        Guard.IsLoss(loss, anchors, settings.Reduction);
        Guard.IsGradient(gradient, anchors);
        Run(Describe(anchors, bank, positives, negatives, settings, loss, null, gradient), queue);
    }

    /// <summary>Recomputes from the operands and writes the gradient for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with its shape and element type; any strides.</param>
    public static void Backward(
        RowsView anchors,
        RowsView bank,
        RowsView positives,
        CrdChoice negatives,
        in CrdContrastSettings settings,
        RowsView upstream,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        Check(anchors, bank, positives, negatives, settings);
        Guard.IsUpstream(upstream, anchors, settings.Reduction);
        Guard.IsGradient(gradient, anchors);
        Run(Describe(anchors, bank, positives, negatives, settings, null, upstream, gradient), queue);
    }

    /// <summary>
    /// Z from a batch, as the first one of a training sets it for good: n times the mean of e^(v·m/τ) over all anchors'
    /// positives and negatives.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="temperature">τ.</param>
    /// <returns>Z; NaN without anchors.</returns>
    public static double EstimateNormalizer(
        RowsView anchors, RowsView bank, RowsView positives, CrdChoice negatives, double temperature)
    {
        if (anchors.Device.Type == KdDeviceType.Cuda)
        {
            throw new NotSupportedException(
                $"expected operands on cpu but got {anchors.Device}: there Z stays on the device, in memory that is given");
        }

        var settings = new CrdContrastSettings(temperature, Normalizer: 1, KdReduction.Sum);
        Check(anchors, bank, positives, negatives, settings);
        return CrdContrastCpu.EstimateNormalizer(
            Describe(anchors, bank, positives, negatives, settings, null, null, null));
    }

    /// <summary>The same into memory of the operands' device, where <see cref="CrdContrastSettings.NormalizerAt"/> reads
    /// it: nothing waits.</summary>
    /// <inheritdoc cref="EstimateNormalizer(RowsView, RowsView, RowsView, CrdChoice, double)" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="normalizer">One Float64.</param>
    /// <param name="onlyIfZero">Leaves a Z that is there already, decided where it lies; 0 stands for none.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    public static void EstimateNormalizer(
        RowsView anchors,
        RowsView bank,
        RowsView positives,
        CrdChoice negatives,
        double temperature,
        RowsView normalizer,
        bool onlyIfZero,
        CudaQueue? queue = null)
    {
        var settings = new CrdContrastSettings(temperature, Normalizer: 1, KdReduction.Sum);
        Check(anchors, bank, positives, negatives, settings);
        Guard.IsOutput(normalizer, KdElementType.Float64, 1, 1, 1, anchors.Device);
        CrdProblem problem = Describe(anchors, bank, positives, negatives, settings, null, null, null);
        if (anchors.Device.Type == KdDeviceType.Cuda)
            CrdContrastCuda.EstimateNormalizer(problem, normalizer, onlyIfZero, queue);
        else if (!onlyIfZero || Memory.Read(normalizer, 0, 0) == 0)
            Memory.Write(normalizer, 0, 0, CrdContrastCpu.EstimateNormalizer(problem));
    }

    /// <summary>Writes the negatives that the other methods draw; −1 on CUDA for an anchor whose own row is not in the
    /// bank.</summary>
    /// <param name="positives">Int64, one per anchor: its own row.</param>
    /// <param name="negatives">What is drawn.</param>
    /// <param name="rows">Int64 <c>[B, K]</c>, written.</param>
    /// <param name="queue">Where the kernel goes when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">The negatives are given, or a shape or type is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A positive is no row of the bank.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static unsafe void Draw(RowsView positives, CrdChoice negatives, RowsView rows, CudaQueue? queue = null)
    {
        if (negatives.Drawn is not { } drawn)
            throw new ArgumentException("expected negatives that are drawn but got given ones", nameof(negatives));
        Guard.HasShape(positives, KdElementType.Int64, positives.Outer, positives.Inner, 1, positives.Device);
        Guard.IsOutput(rows, KdElementType.Int64, positives.Outer, positives.Inner, negatives.Count, positives.Device);
        if (positives.Device.Type == KdDeviceType.Cuda)
        {
            CrdContrastCuda.Draw(positives, negatives, rows, queue);
            return;
        }

        var row = new int[negatives.Count];
        for (long i = 0; i < positives.Rows; i++)
        {
            drawn.Draw(negatives.Step, ((long*)positives.Data)[positives.RowOffset(i)], row);
            long* target = (long*)rows.Data + rows.RowOffset(i);
            for (int k = 0; k < row.Length; k++) target[k * rows.ElementStride] = row[k];
        }
    }

    private static void Run(CrdProblem problem, CudaQueue? queue)
    {
        if (problem.Anchors.Device.Type == KdDeviceType.Cuda)
            CrdContrastCuda.Run(problem, queue);
        else
            CrdContrastCpu.Run(problem);
    }

    private static CrdProblem Describe(
        RowsView anchors,
        RowsView bank,
        RowsView positives,
        CrdChoice negatives,
        in CrdContrastSettings settings,
        RowsView? loss,
        RowsView? upstream,
        RowsView? gradient) => new()
        {
            Anchors = anchors,
            Bank = bank,
            Positives = positives,
            Negatives = negatives,
            Temperature = settings.Temperature,
            Normalizer = NormalizerOf(settings),
            NormalizerAt = settings.NormalizerAt,
            Epsilon = settings.Epsilon,
            Reduction = settings.Reduction,
            Loss = loss,
            Upstream = upstream,
            Gradient = gradient,
        };

    private static void Check(
        RowsView anchors, RowsView bank, RowsView positives, CrdChoice negatives, in CrdContrastSettings settings)
    {
        Guard.IsOperand(anchors);
        CrdBank.HasRows(bank, anchors);
        CrdBank.AreRows(positives, anchors, bank);
        if (settings.NormalizerAt is { } at) Guard.HasShape(at, KdElementType.Float64, 1, 1, 1, anchors.Device, "normalizer");
        CheckSettings(settings);
        if (negatives.Count < 1)
            throw new ArgumentException($"expected 1 negative at least but got {negatives.Count}", nameof(negatives));
        if (negatives.Given is { } given)
        {
            Guard.HasShape(
                given, KdElementType.Int64, anchors.Outer, anchors.Inner, negatives.Count, anchors.Device, "negatives");
        }
        else if (negatives.Drawn!.BankRows != bank.Rows)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"expected negatives of a bank of {bank.Rows} rows but got {negatives.Drawn.BankRows}"),
                nameof(negatives));
        }
    }

    /// <summary>Z; 1 where it lies on a device, which tells when its kernel runs.</summary>
    private static double NormalizerOf(in CrdContrastSettings settings) => settings.NormalizerAt switch
    {
        null => settings.Normalizer,
        { Device.Type: KdDeviceType.Cpu } at => Memory.Read(at, 0, 0),
        _ => 1,
    };

    private static void CheckSettings(in CrdContrastSettings settings)
    {
        (double temperature, double normalizer, double epsilon) =
            (settings.Temperature, NormalizerOf(settings), settings.Epsilon);
        if (temperature is not (>= SmallestTemperature and <= LargestTemperature))
        {
            throw new ArgumentOutOfRangeException(
                nameof(temperature), temperature, $"expected a temperature in [1e-30, 1e30] but got {temperature}");
        }

        if (!(normalizer > 0 && double.IsFinite(normalizer)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(normalizer), normalizer, $"expected a positive finite normaliser Z but got {normalizer}");
        }

        if (!(epsilon >= 0 && double.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(epsilon), epsilon, $"expected a finite epsilon of 0 or more but got {epsilon}");
        }

        if (settings.Reduction is not (KdReduction.None or KdReduction.Sum or KdReduction.BatchMean))
        {
            throw new ArgumentOutOfRangeException(
                "reduction",
                settings.Reduction,
                $"expected None, Sum or BatchMean but got {settings.Reduction}: the loss is no mean over its K + 1 terms");
        }
    }
}
