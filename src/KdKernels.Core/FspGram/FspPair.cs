namespace KdKernels.Core;

/// <summary>
/// Two layers of one network: their products, and the gradients of both from weights on the products. Where both layers are
/// NHWC, the products run over pixels of channels, else over planes of pixels.
/// </summary>
internal sealed unsafe class FspPair<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly bool asPixels;
    private readonly RowsView? gradient1;
    private readonly RowsView? gradient2;

    public FspPair(
        MapView features1, MapView features2, FspPooling pooling, RowsView? gradient1 = null, RowsView? gradient2 = null)
    {
        Maps1 = new FspMaps<TElement>(features1, PoolingGrid.Of(features1, features2), pooling);
        Maps2 = new FspMaps<TElement>(features2, PoolingGrid.Of(features2, features1), pooling);
        IsSymmetric = features1 == features2;
        (this.gradient1, this.gradient2) = (gradient1, gradient2);
        asPixels = Maps1.HasPixels && Maps2.HasPixels;
    }

    public FspMaps<TElement> Maps1 { get; }

    public FspMaps<TElement> Maps2 { get; }

    /// <summary>One layer with itself.</summary>
    public bool IsSymmetric { get; }

    public int Channels1 => Maps1.Channels;

    public int Channels2 => Maps2.Channels;

    /// <summary>Of both layers, after pooling.</summary>
    public int Pixels => Maps1.Pixels;

    /// <summary>The multiplications of a sample's product, eight of which cost as much as an element of other ops.</summary>
    public long Work => (long)Channels1 * Channels2 * Pixels / 8;

    /// <summary>Adds <c>scale·G</c> of a sample to <paramref name="gram"/>; the features are then in the buffers.</summary>
    public void AddProducts(long sample, double scale, bool symmetric, in FspBuffers<TElement> buffers, double* gram)
    {
        if (asPixels)
        {
            FspProducts<TVector, TElement>.AddPixelProducts(
                Maps1.PixelsOf(sample), Maps2.PixelsOf(sample), symmetric, scale / Pixels, gram, buffers.Panel);
            return;
        }

        Load(sample, buffers);
        FspProducts<TVector, TElement>.AddPlaneProducts(
            Maps1.Planes(sample, buffers.Features1),
            Maps2.Planes(sample, buffers.Features2),
            symmetric,
            scale / Pixels,
            gram);
    }

    /// <summary>Brings a sample's features into the buffers, where they have to be copied.</summary>
    public void Load(long sample, in FspBuffers<TElement> buffers)
    {
        if (asPixels) return;
        Maps1.Load(sample, buffers.Features1, buffers.Positions1, buffers.Plane);
        Maps2.Load(sample, buffers.Features2, buffers.Positions2, buffers.Plane);
    }

    /// <summary>
    /// The gradients <c>W·F2/HW</c> and <c>Wᵀ·F1/HW</c> of a sample, each where it is wanted; its features are in the
    /// buffers.
    /// </summary>
    public void WriteGradients(long sample, double* weights, in FspBuffers<TElement> buffers)
    {
        if (gradient1 is { } first)
        {
            if (asPixels)
                WritePixels(Maps1, Maps2, Weights(weights, transposed: true, buffers), first, sample, buffers);
            else
                WritePlanes(Maps1, Weights(weights, transposed: false, buffers), first, sample, buffers, isFirst: true);
        }

        if (gradient2 is { } second)
        {
            if (asPixels)
                WritePixels(Maps2, Maps1, Weights(weights, transposed: false, buffers), second, sample, buffers);
            else
                WritePlanes(Maps2, Weights(weights, transposed: true, buffers), second, sample, buffers, isFirst: false);
        }
    }

    /// <summary>W/HW or its transpose, in the element type.</summary>
    private FspMatrix<TElement> Weights(double* weights, bool transposed, in FspBuffers<TElement> buffers)
    {
        TElement* target = buffers.Weights;
        for (int i = 0; i < Channels1; i++)
        {
            for (int j = 0; j < Channels2; j++)
            {
                long at = transposed ? ((long)j * Channels1) + i : ((long)i * Channels2) + j;
                Memory.Put(target + at, weights[((long)i * Channels2) + j] / Pixels);
            }
        }

        return transposed
            ? new FspMatrix<TElement>(target, Channels1, Channels2, Channels1)
            : new FspMatrix<TElement>(target, Channels2, Channels1, Channels2);
    }

    private void WritePlanes(
        FspMaps<TElement> maps,
        in FspMatrix<TElement> weights,
        in RowsView gradient,
        long sample,
        in FspBuffers<TElement> buffers,
        bool isFirst)
    {
        FspMatrix<TElement> others = isFirst
            ? Maps2.Planes(sample, buffers.Features2)
            : Maps1.Planes(sample, buffers.Features1);
        FspMatrix<TElement> target = maps.Target(gradient, sample, buffers.Gradient);
        FspProducts<TVector, TElement>.Combine(weights.Weights, others, target, buffers.Panel);
        int* positions = isFirst ? buffers.Positions1 : buffers.Positions2;
        maps.Finish(gradient, sample, buffers.Gradient, positions, buffers.Plane);
    }

    private static void WritePixels(
        FspMaps<TElement> maps,
        FspMaps<TElement> others,
        in FspMatrix<TElement> weights,
        in RowsView gradient,
        long sample,
        in FspBuffers<TElement> buffers)
    {
        FspMatrix<TElement> target = maps.PixelTarget(gradient, sample, buffers.Gradient);
        FspProducts<TVector, TElement>.Combine(others.PixelsOf(sample).Weights, weights, target, buffers.Panel);
        maps.FinishPixels(gradient, sample, buffers.Gradient, buffers.Plane);
    }
}
