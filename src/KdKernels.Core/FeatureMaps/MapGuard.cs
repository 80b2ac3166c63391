using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Argument checks of the ops on feature maps.</summary>
internal static class MapGuard
{
    // A plane's pixels are counted by int, and a few planes of doubles must be a reasonable buffer.
    private const long MostPixels = 1 << 27;

    private const long MostProducts = 1 << 27;

    public static void IsMap(MapView map, [CallerArgumentExpression(nameof(map))] string? name = null)
    {
        Guard.IsOperand(map.Rows, name);
        long pixels = (long)map.Height * map.Width;
        if (map.Height < 1 || map.Width < 1 || map.Channels < 1 || pixels > MostPixels)
        {
            throw new ArgumentException(
                $"expected a channel and between 1 and {MostPixels} pixels but got C = {map.Channels}, H = {map.Height}, "
                + $"W = {map.Width}",
                name);
        }

        if (map.Rows.Inner != pixels)
        {
            throw new ArgumentException(
                $"expected {pixels} rows for H = {map.Height}, W = {map.Width} but got {map.Rows.Inner}", name);
        }
    }

    /// <summary>Of the same samples, type and device.</summary>
    public static void Pairs(
        MapView map,
        MapView expected,
        [CallerArgumentExpression(nameof(map))] string? name = null,
        [CallerArgumentExpression(nameof(expected))] string? other = null)
    {
        if (map.Rows.ElementType != expected.Rows.ElementType)
        {
            throw new ArgumentException(
                $"expected element type {expected.Rows.ElementType}, as {other} has, but got {map.Rows.ElementType}", name);
        }

        if (map.Rows.Device != expected.Rows.Device)
        {
            throw new ArgumentException(
                $"expected memory on {expected.Rows.Device}, where {other} is, but got {map.Rows.Device}", name);
        }

        if (map.Batch != expected.Batch)
            throw new ArgumentException($"expected {expected.Batch} samples, as {other} has, but got {map.Batch}", name);
    }

    /// <summary>A student's and a teacher's layer that are compared channel by channel.</summary>
    public static void SameChannels(
        MapView map,
        MapView expected,
        [CallerArgumentExpression(nameof(map))] string? name = null,
        [CallerArgumentExpression(nameof(expected))] string? other = null)
    {
        if (map.Channels != expected.Channels)
            throw new ArgumentException($"expected {expected.Channels} channels, as {other} has, but got {map.Channels}", name);
    }

    /// <summary>The matrix of two layers' channels is one that an index can walk.</summary>
    public static void HasProduct(
        MapView map, MapView other, [CallerArgumentExpression(nameof(map))] string? name = null)
    {
        if (map.Channels <= MostProducts / other.Channels) return;
        throw new ArgumentException(
            $"expected C1·C2 of at most {MostProducts} but got {map.Channels}·{other.Channels}", name);
    }

    /// <summary>One value, or one per sample for <see cref="KdReduction.None"/>, to be written.</summary>
    public static void IsLoss(
        RowsView loss,
        MapView map,
        KdReduction reduction,
        [CallerArgumentExpression(nameof(loss))] string? name = null) =>
        Guard.IsOutput(loss, Guard.ResultType(map.Rows), Values(map, reduction), 1, 1, map.Rows.Device, name);

    /// <summary>The gradient of the loss, with the loss's shape.</summary>
    public static void IsUpstream(
        RowsView upstream,
        MapView map,
        KdReduction reduction,
        [CallerArgumentExpression(nameof(upstream))] string? name = null) =>
        Guard.HasShape(upstream, Guard.ResultType(map.Rows), Values(map, reduction), 1, 1, map.Rows.Device, name);

    private static long Values(MapView map, KdReduction reduction) => reduction == KdReduction.None ? map.Batch : 1;
}
