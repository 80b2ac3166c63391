namespace KdKernels.Core;

/// <summary>
/// The FSP matrix of two layers (Yim, Joo, Bae and Kim 2017, section 3.1), per sample:
/// <code>
/// G_ij = (1/HW) Σ_p F1_ip·F2_jp          [B, C1, C2]
/// </code>
/// <para>Gradients for upstream U: <c>U·F2/HW</c> and <c>Uᵀ·F1/HW</c>.</para>
/// <para>Layers of different sizes are brought to the smaller height and the smaller width of the two, by adaptive maximum
/// pooling as in the paper (the first of several largest gets the gradient) or by adaptive average pooling.</para>
/// <para>On the CPU, sums of float32 are taken in float32 over at most 1024 pixels and continue in double. On CUDA, tensor
/// cores multiply: a float32 in three tf32 products, to 2^-20 of each, 16-bit floats exactly; sums are float32, off by at
/// most 2e-6 of <c>Σ|F1|·|F2|/HW</c>. For the gradients of 16-bit features U is rounded to 11 bits, on the quick path.
/// A layer with itself costs half.</para>
/// <para>A NaN or an infinity reaches the rows and columns of its channel; there an infinity is a NaN on CUDA.</para>
/// <para>Deterministic: the bits of a sample depend on that sample alone (on CUDA also on the shape), never on the number
/// of threads or the grid.</para>
/// </summary>
public static class FspGram
{
    /// <summary>Writes the matrices.</summary>
    /// <param name="features1">Features of C1 channels: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on
    /// CUDA.</param>
    /// <param name="features2">Features of the same samples and element type, C2 channels.</param>
    /// <param name="pooling">How the larger layer is brought to the size of the smaller one.</param>
    /// <param name="gram">[B, C1, C2] in the features' element type, Float32 for 16-bit features; any strides.</param>
    /// <param name="allowTf32">Whether Float32 may be rounded to tf32 on CUDA, where planes are contiguous.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The pooling does not exist.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        MapView features1,
        MapView features2,
        FspPooling pooling,
        RowsView gram,
        bool allowTf32 = false,
        CudaQueue? queue = null)
    {
        Check(features1, features2, pooling);
        Guard.IsOutput(
            gram,
            Guard.ResultType(features1.Rows),
            features1.Batch,
            features1.Channels,
            features2.Channels,
            features1.Rows.Device);
        if (gram.Device.Type == KdDeviceType.Cuda)
            FspGramCuda.Forward(new FspLayers(features1, features2), pooling, allowTf32, gram, queue);
        else
            FspCpu.Run(new Program(features1, features2, pooling, gram, null, null, null), features1.Rows.ElementType);
    }

    /// <summary>Writes the gradients of the layers, each where it is wanted.</summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the matrices, [B, C1, C2]; any strides.</param>
    /// <param name="gradient1">Shape and element type of the first layer's rows, any strides.</param>
    /// <param name="gradient2">Of the second layer's.</param>
    public static void Backward(
        MapView features1,
        MapView features2,
        FspPooling pooling,
        RowsView upstream,
        RowsView? gradient1,
        RowsView? gradient2,
        bool allowTf32 = false,
        CudaQueue? queue = null)
    {
        Check(features1, features2, pooling);
        Guard.HasShape(
            upstream,
            Guard.ResultType(features1.Rows),
            features1.Batch,
            features1.Channels,
            features2.Channels,
            features1.Rows.Device);
        if (gradient1 is { } first) Guard.IsGradient(first, features1.Rows, nameof(gradient1));
        if (gradient2 is { } second) Guard.IsGradient(second, features2.Rows, nameof(gradient2));
        if (upstream.Device.Type == KdDeviceType.Cuda)
        {
            var layers = new FspLayers(features1, features2);
            FspGramCuda.Backward(layers, pooling, allowTf32, upstream, gradient1, gradient2, queue);
            return;
        }

        FspCpu.Run(
            new Program(features1, features2, pooling, null, upstream, gradient1, gradient2), features1.Rows.ElementType);
    }

    internal static void Check(MapView features1, MapView features2, FspPooling pooling)
    {
        MapGuard.IsMap(features1);
        MapGuard.IsMap(features2);
        MapGuard.Pairs(features2, features1);
        MapGuard.HasProduct(features1, features2);
        if (pooling is not (FspPooling.Max or FspPooling.Average))
        {
            throw new ArgumentOutOfRangeException(
                nameof(pooling), pooling, $"expected Max or Average pooling but got {(int)pooling}");
        }
    }

    private readonly struct Program(
        MapView features1,
        MapView features2,
        FspPooling pooling,
        RowsView? gram,
        RowsView? upstream,
        RowsView? gradient1,
        RowsView? gradient2) : IFspProgram
    {
        public void Run<TVector, TElement>()
            where TVector : unmanaged, IVector<TVector, TElement>
            where TElement : unmanaged
        {
            new FspGramWork<TVector, TElement>(features1, features2, pooling, gradient1, gradient2)
            {
                Gram = gram,
                Upstream = upstream,
            }.Run();
        }
    }
}
