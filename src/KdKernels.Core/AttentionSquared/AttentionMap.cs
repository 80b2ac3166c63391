namespace KdKernels.Core;

/// <summary>
/// The attention map of features, <c>Q_j = Σ_c |F_cj|^p</c> per sample, as it is or divided by max(‖Q‖₂, 1e-12), and the
/// pixel where it is largest: what the Jacobian of attention (Srinivas and Fleuret 2018) is taken of. Gradient for
/// upstream g: <c>p·|F|^(p−1)·sgn F·g</c> of the raw map, with g replaced by (g − q⟨q, g⟩)/‖Q‖ for the normalised one.
/// Rounding, NaN and determinism as in <see cref="AttentionSquared"/>.
/// </summary>
public static class AttentionMap
{
    /// <summary>Writes the map, the largest pixel, or both.</summary>
    /// <param name="features">Features: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on CUDA.</param>
    /// <param name="settings">Power, channels, and whether the map is normalised.</param>
    /// <param name="map">[B, 1, H·W] in the features' element type, Float32 for 16-bit ones; any strides on the CPU,
    /// contiguous on CUDA; null: not wanted.</param>
    /// <param name="peak">Int64 [B, 1, 1]: the first pixel y·W + x of the largest attention, found before rounding; the
    /// first NaN if there is one. Null: not wanted.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        MapView features,
        in AttentionMapSettings settings,
        RowsView? map,
        RowsView? peak = null,
        CudaQueue? queue = null)
    {
        Check(features, settings);
        if (map is { } target)
        {
            Guard.IsOutput(
                target, Guard.ResultType(features.Rows), features.Batch, 1, features.Pixels, features.Rows.Device, nameof(map));
        }

        if (peak is { } pixel)
            Guard.IsOutput(pixel, KdElementType.Int64, features.Batch, 1, 1, features.Rows.Device, nameof(peak));
        Run(features, settings, map, peak, upstream: null, gradient: null, queue);
    }

    /// <summary>Recomputes the map and writes the gradient of the features for a given upstream gradient.</summary>
    /// <inheritdoc cref="Forward" path="/param[@name='features']"/>
    /// <inheritdoc cref="Forward" path="/param[@name='settings']"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the map, with its shape and element type; any strides on the CPU, contiguous on
    /// CUDA.</param>
    /// <param name="gradient">Where the gradient goes; shape and element type of the features' rows, any strides.</param>
    public static void Backward(
        MapView features,
        in AttentionMapSettings settings,
        RowsView upstream,
        RowsView gradient,
        CudaQueue? queue = null)
    {
        Check(features, settings);
        Guard.HasShape(
            upstream, Guard.ResultType(features.Rows), features.Batch, 1, features.Pixels, features.Rows.Device);
        Guard.IsGradient(gradient, features.Rows);
        Run(features, settings, map: null, peak: null, upstream, gradient, queue);
    }

    private static void Run(
        MapView features,
        in AttentionMapSettings settings,
        RowsView? map,
        RowsView? peak,
        RowsView? upstream,
        RowsView? gradient,
        CudaQueue? queue)
    {
        if (features.Rows.Device.Type != KdDeviceType.Cuda)
        {
            AttentionSquaredCpu.Run(
                new Program(features, settings, map, peak, upstream, gradient), features.Rows.ElementType, settings.Power);
            return;
        }

        var call = new AttentionCall
        {
            Student = features,
            Power = settings.Power,
            Channels = settings.Channels,
            Normalise = settings.Normalise,
            Map = map,
            Peak = peak,
            Upstream = upstream,
            Gradient = gradient,
        };
        AttentionSquaredCuda.Run(call, queue);
    }

    private static void Check(MapView features, in AttentionMapSettings settings)
    {
        MapGuard.IsMap(features);
        AttentionSquared.CheckPower(settings.Power);
        AttentionSquared.CheckChannels(settings.Channels);
    }

    private readonly struct Program(
        MapView features,
        AttentionMapSettings settings,
        RowsView? map,
        RowsView? peak,
        RowsView? upstream,
        RowsView? gradient) : IAttentionProgram
    {
        public void Run<TVector, TElement, TPower>()
            where TVector : unmanaged, IWideVector<TVector>
            where TElement : unmanaged
            where TPower : struct, IAttentionPower
        {
            new AttentionMapWork<TVector, TElement, TPower>(features, settings)
            {
                Map = map,
                Peak = peak,
                Upstream = upstream,
                Gradient = gradient,
            }.Run();
        }
    }
}
