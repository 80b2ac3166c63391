namespace KdKernels.Core;

/// <summary>
/// The entropy of Gaussian noise of deviation σ, per unit (pixel or cell), in nats, and the knowledge points that
/// follow from it (Cheng et al., CVPR 2020):
/// <code>
/// H_i = log σ_i + ½ log 2πe        unit i is a knowledge point where H̄ − H_i &gt; b
/// </code>
/// <para>H̄ is the mean of H over the background units of all images of the call. High entropy: the network discards
/// the unit; low entropy: it keeps it.</para>
/// <para>Numerator: the sum over all units. Divisor: 1 for None (the map) and Sum, the units of all images for
/// <see cref="KdReduction.Mean"/> (the objective's mean entropy), images for <see cref="KdReduction.BatchMean"/>.
/// Gradient for upstream g and divisor N: <c>g / (σ_i·N)</c>. H̄ and the counts are detached.</para>
/// <para>σ = 0 has H = −∞, and is a knowledge point if H̄ is finite; a negative or NaN σ has H = NaN and is none.
/// Either reaches every mean that it is in. Without a finite H̄ (no background, or one with σ = 0 or NaN) no unit is a
/// knowledge point: H̄ says so. b is compared strictly.</para>
/// <para>The sum of the logarithms is taken as the logarithm of a product: mantissas are multiplied, exponents added,
/// so a unit costs no logarithm, and the rounding of n multiplications, about √n·2^-25, is spread over n units.
/// Deterministic: the bits depend on shape, strides and values, never on the number of threads or blocks.</para>
/// <para>On CUDA everything is contiguous. Entropy, map, mean and upstream gradient of 16-bit σ are Float32; the gradient
/// is to 2 ulp, on the CPU correctly rounded.</para>
/// </summary>
public static class PixelEntropy
{
    /// <summary>Writes the entropy: the map for <see cref="KdReduction.None"/>, else one value.</summary>
    /// <param name="sigma">Deviations [images, rows, units]: Float32 or Float64 on the CPU, any strides; Float32, Float16
    /// or BFloat16 on CUDA, contiguous.</param>
    /// <param name="settings">Reduction and threshold.</param>
    /// <param name="entropy">Result in sigma's element type, Float32 for 16-bit σ: sigma's shape for None, else
    /// [1, 1, 1].</param>
    /// <param name="points">Where knowledge points go, if they are wanted.</param>
    /// <param name="map">Where H of every unit goes besides a reduced entropy, if it is wanted; of the entropy's
    /// type.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type, device or layout is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The reduction or threshold is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView sigma,
        in PixelEntropySettings settings,
        RowsView entropy,
        PixelEntropyPoints? points = null,
        RowsView? map = null,
        CudaQueue? queue = null) =>
        Run(Describe(sigma, settings, entropy, points, map, gradient: null), queue);

    /// <summary>
    /// The same and, from the same read, the gradient for an upstream gradient of 1 (of every unit's value, for
    /// <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="gradient">Where the gradient goes; sigma's shape and element type, any strides.</param>
    public static void ForwardWithGradient(
        RowsView sigma,
        in PixelEntropySettings settings,
        RowsView entropy,
        RowsView gradient,
        PixelEntropyPoints? points = null,
        RowsView? map = null,
        CudaQueue? queue = null)
    {
        PixelEntropyProblem problem = Describe(sigma, settings, entropy, points, map, gradient);
        Guard.IsGradient(gradient, sigma);
        Run(problem, queue);
    }

    /// <summary>Writes the gradient for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the result, with its shape and element type; any strides.</param>
    public static void Backward(
        RowsView sigma,
        in PixelEntropySettings settings,
        RowsView upstream,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        CheckInputs(sigma, settings);
        (long outer, long inner, long length) =
            settings.Reduction == KdReduction.None ? (sigma.Outer, sigma.Inner, sigma.Length) : (1, 1, 1);
        Guard.HasShape(upstream, Guard.ResultType(sigma), outer, inner, length, sigma.Device);
        Guard.IsGradient(gradient, sigma);
        var problem = new PixelEntropyProblem
        {
            Sigma = sigma,
            Settings = settings,
            Upstream = upstream,
            Gradient = gradient,
        };
        Run(problem, queue);
    }

    private static void Run(PixelEntropyProblem problem, CudaQueue? queue)
    {
        if (problem.Sigma.Device.Type == KdDeviceType.Cuda)
            PixelEntropyCuda.Run(problem, queue);
        else
            PixelEntropyCpu.Run(problem);
    }

    private static PixelEntropyProblem Describe(
        RowsView sigma,
        in PixelEntropySettings settings,
        RowsView entropy,
        PixelEntropyPoints? points,
        RowsView? map,
        RowsView? gradient)
    {
        CheckInputs(sigma, settings);
        bool perUnit = settings.Reduction == KdReduction.None;
        KdElementType type = Guard.ResultType(sigma);
        if (perUnit)
            Guard.IsOutput(entropy, type, sigma.Outer, sigma.Inner, sigma.Length, sigma.Device);
        else
            Guard.IsOutput(entropy, type, 1, 1, 1, sigma.Device);
        if (map is { } units)
        {
            if (perUnit)
                throw new ArgumentException("expected no map beside the entropy of None, which is one", nameof(map));
            Guard.IsOutput(units, type, sigma.Outer, sigma.Inner, sigma.Length, sigma.Device, nameof(map));
        }

        if (points is { } counted)
        {
            Guard.HasShape(
                counted.Foreground,
                KdElementType.Bool,
                sigma.Outer,
                sigma.Inner,
                sigma.Length,
                sigma.Device,
                "foreground");
            Guard.IsOutput(counted.BackgroundMean, type, 1, 1, 1, sigma.Device, "backgroundMean");
            Guard.IsOutput(
                counted.ForegroundPoints, KdElementType.Int64, sigma.Outer, 1, 1, sigma.Device, "foregroundPoints");
            Guard.IsOutput(
                counted.BackgroundPoints, KdElementType.Int64, sigma.Outer, 1, 1, sigma.Device, "backgroundPoints");
        }

        return new PixelEntropyProblem
        {
            Sigma = sigma,
            Settings = settings,
            Entropy = perUnit ? null : entropy,
            Map = perUnit ? entropy : map,
            Gradient = gradient,
            Points = points,
        };
    }

    private static void CheckInputs(RowsView sigma, in PixelEntropySettings settings)
    {
        Guard.IsOperand(sigma);
        Guard.IsReduction(settings.Reduction, "reduction");
        if (!double.IsFinite(settings.Threshold))
        {
            throw new ArgumentOutOfRangeException(
                "threshold", settings.Threshold, $"expected a finite threshold but got {settings.Threshold}");
        }
    }
}
