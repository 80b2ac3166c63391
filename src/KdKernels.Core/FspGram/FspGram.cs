namespace KdKernels.Core;

/// <summary>
/// The FSP matrix of two layers (Yim, Joo, Bae and Kim 2017, section 3.1), per sample:
/// <code>
/// G_ij = (1/HW) Σ_p F1_ip·F2_jp          [B, C1, C2]
/// </code>
/// <para>Gradients for upstream U: <c>U·F2/HW</c> and <c>Uᵀ·F1/HW</c>.</para>
/// <para>Layers of different sizes are brought to the smaller height and the smaller width of the two, by adaptive maximum
/// pooling as in the paper (the first of several largest gets the gradient) or by adaptive average pooling.</para>
/// <para>Sums of float32 are taken in float32 over at most 1024 pixels and continue in double. A layer with itself costs
/// half. A NaN or an infinity reaches the rows and columns of its channel.</para>
/// <para>Deterministic: the bits of a sample depend on that sample alone, never on the number of threads.</para>
/// </summary>
public static class FspGram
{
    /// <summary>Writes the matrices.</summary>
    /// <param name="features1">Float32 or Float64 features on the CPU, C1 channels.</param>
    /// <param name="features2">Features of the same samples and element type, C2 channels.</param>
    /// <param name="pooling">How the larger layer is brought to the size of the smaller one.</param>
    /// <param name="gram">[B, C1, C2] in the features' element type, any strides.</param>
    /// <exception cref="ArgumentException">A shape or element type is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The pooling does not exist.</exception>
    /// <exception cref="NotSupportedException">The operands lie on CUDA or have 16 bits.</exception>
    public static void Forward(MapView features1, MapView features2, FspPooling pooling, RowsView gram)
    {
        Check(features1, features2, pooling);
        Guard.IsOutput(
            gram,
            features1.Rows.ElementType,
            features1.Batch,
            features1.Channels,
            features2.Channels,
            features1.Rows.Device);
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
        RowsView? gradient2)
    {
        Check(features1, features2, pooling);
        Guard.HasShape(
            upstream,
            features1.Rows.ElementType,
            features1.Batch,
            features1.Channels,
            features2.Channels,
            features1.Rows.Device);
        if (gradient1 is { } first) Guard.IsGradient(first, features1.Rows, nameof(gradient1));
        if (gradient2 is { } second) Guard.IsGradient(second, features2.Rows, nameof(gradient2));
        FspCpu.Run(
            new Program(features1, features2, pooling, null, upstream, gradient1, gradient2), features1.Rows.ElementType);
    }

    internal static void Check(MapView features1, MapView features2, FspPooling pooling)
    {
        Guard.IsOnCpu(features1.Rows, nameof(FspGram), nameof(features1));
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
