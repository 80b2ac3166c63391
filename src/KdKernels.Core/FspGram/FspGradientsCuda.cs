namespace KdKernels.Core;

/// <summary>The launches that make the gradients of both layers from weights on their products.</summary>
internal sealed class FspGradientsCuda
{
    private const int TileRows = 64;
    private const int TilePixels = 128;
    private const int UnpoolPixels = 256;

    private readonly FspLayers layers;
    private readonly RowsView? gradient1;
    private readonly RowsView? gradient2;
    private readonly CudaKernel kernel;
    private readonly CudaKernel? unpool;
    private readonly (long Offset, long Count) pooled1;
    private readonly (long Offset, long Count) pooled2;

    /// <param name="device">Where they run.</param>
    /// <param name="scratch">Where their scratch memory is taken from.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="allowTf32">Whether float32 may be rounded to tf32.</param>
    /// <param name="gradient1">The first layer's, where it is wanted.</param>
    /// <param name="gradient2">The second layer's.</param>
    public FspGradientsCuda(
        CudaDevice device,
        FspScratch scratch,
        in FspLayers layers,
        bool allowTf32,
        RowsView? gradient1,
        RowsView? gradient2)
    {
        (this.layers, this.gradient1, this.gradient2) = (layers, gradient1, gradient2);
        CudaGuard.IsRows(gradient1);
        CudaGuard.IsRows(gradient2);
        KdElementType type = layers.First.Rows.ElementType;
        bool planes = layers.ArePlanes && ArePlanes(gradient1) && ArePlanes(gradient2);
        kernel = KernelChoice.Find(device, FspMatricesCuda.Stem, type, FspMatricesCuda.Kind("gradient", type, planes, allowTf32));
        pooled1 = scratch.Take(gradient1 is null ? 0 : PooledLength(layers.First), sizeof(float));
        pooled2 = scratch.Take(gradient2 is null ? 0 : PooledLength(layers.Second), sizeof(float));
        if (pooled1.Count + pooled2.Count > 0) unpool = KernelChoice.Find(device, FspMatricesCuda.Stem, type, "unpool");
    }

    /// <param name="session">Where they are launched.</param>
    /// <param name="weights">[B, C1, C2], float32.</param>
    /// <param name="strides">Of the weights.</param>
    /// <param name="slopes">Factors of the columns; nothing for none.</param>
    /// <param name="upstream">Gradient of the loss, one or one per sample; null for 1.</param>
    /// <param name="scale">Factor of everything, without the division by the pixels.</param>
    /// <param name="pooling">Of the layers.</param>
    public void Launch(
        in CudaSession session,
        DeviceView weights,
        RowStrides strides,
        DeviceView slopes,
        RowsView? upstream,
        double scale,
        FspPooling pooling)
    {
        int average = pooling == FspPooling.Average ? 1 : 0;
        DeviceView first = FspScratch.View(session.Workspace, pooled1), second = FspScratch.View(session.Workspace, pooled2);
        var arguments = new FspGradientArguments
        {
            Features1 = DeviceView.Of(layers.First.Rows),
            Features2 = DeviceView.Of(layers.Second.Rows),
            Gradient1 = first.Length > 0 ? default : DeviceView.Of(gradient1),
            Gradient2 = second.Length > 0 ? default : DeviceView.Of(gradient2),
            Pooled1 = first,
            Pooled2 = second,
            Weights = weights,
            Slopes = slopes,
            Upstream = DeviceView.Of(upstream),
            Map1 = FspMap.Of(layers.First),
            Map2 = FspMap.Of(layers.Second),
            Gradient1Strides = StridesOf(gradient1),
            Gradient2Strides = StridesOf(gradient2),
            WeightStrides = strides,
            Batch = layers.First.Batch,
            Channels1 = (int)layers.First.Channels,
            Channels2 = (int)layers.Second.Channels,
            Height = layers.Height,
            Width = layers.Width,
            Average = average,
            PerSample = upstream is { Outer: > 1 } ? 1 : 0,
            Scale = (float)(scale / layers.Pixels),
        };
        session.Launch(kernel, Tiles(layers.First, gradient1) + Tiles(layers.Second, gradient2), arguments);
        Unpool(session, layers.First, gradient1, first, average);
        Unpool(session, layers.Second, gradient2, second, average);
    }

    private void Unpool(in CudaSession session, MapView map, RowsView? gradient, DeviceView pooled, int average)
    {
        if (pooled.Length == 0) return;
        var arguments = new FspUnpoolArguments
        {
            Features = DeviceView.Of(map.Rows),
            Gradient = DeviceView.Of(gradient),
            Pooled = pooled,
            Map = FspMap.Of(map),
            GradientStrides = StridesOf(gradient),
            Batch = map.Batch,
            Channels = (int)map.Channels,
            Height = layers.Height,
            Width = layers.Width,
            Average = average,
        };
        long elements = map.Batch * map.Channels * map.Pixels;
        session.Launch(unpool!, (elements + UnpoolPixels - 1) / UnpoolPixels, arguments);
    }

    private long PooledLength(MapView map) => layers.IsPooled(map) ? map.Batch * map.Channels * layers.Pixels : 0;

    private long Tiles(MapView map, RowsView? gradient) => gradient is null
        ? 0
        : map.Batch * ((map.Channels + TileRows - 1) / TileRows) * ((layers.Pixels + TilePixels - 1) / TilePixels);

    private static RowStrides StridesOf(RowsView? gradient) =>
        gradient is { } view ? new RowStrides(view.OuterStride, view.InnerStride, view.ElementStride) : default;

    private static bool ArePlanes(RowsView? gradient) => gradient is not { } view || FspLayers.IsPlanes(view);
}
