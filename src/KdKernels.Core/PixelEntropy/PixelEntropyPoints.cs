namespace KdKernels.Core;

/// <summary>The mask and the outputs that knowledge points are counted with.</summary>
/// <param name="Foreground">What is not background: Bool, sigma's shape, any strides (0 to share a channel).</param>
/// <param name="BackgroundMean">H̄ over the background units of all images: one value of the entropy's element type.</param>
/// <param name="ForegroundPoints">Int64, one per image: shape [images, 1, 1].</param>
/// <param name="BackgroundPoints">The same for the background.</param>
public readonly record struct PixelEntropyPoints(
    RowsView Foreground, RowsView BackgroundMean, RowsView ForegroundPoints, RowsView BackgroundPoints);
