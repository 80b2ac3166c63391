namespace KdKernels.Reference;

/// <summary>
/// Feature maps [B, C, H, W] in double: element (b, c, y, x) is number ((b·C + c)·H + y)·W + x of the values.
/// </summary>
/// <param name="Values">The elements.</param>
/// <param name="Batch">B, samples.</param>
/// <param name="Channels">C.</param>
/// <param name="Height">H.</param>
/// <param name="Width">W.</param>
public sealed record OracleMaps(double[] Values, int Batch, int Channels, int Height, int Width)
{
    /// <summary>H·W.</summary>
    public int Pixels => Height * Width;

    /// <summary>The element of a sample and a channel at pixel y·W + x.</summary>
    public double this[int sample, int channel, int pixel] => Values[Index(sample, channel, pixel)];

    /// <summary>Where that element stands.</summary>
    public int Index(int sample, int channel, int pixel) => (((sample * Channels) + channel) * Pixels) + pixel;
}
