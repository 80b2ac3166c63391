using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Formats;

namespace KdKernels.Analysis.Points;

/// <summary>Entropies as pictures: blue where the layer keeps a unit, red where it discards it, white at the background's mean.
/// Images are under it in grey, points are drawn from above, a sequence is a strip.</summary>
internal sealed class EntropyPictures
{
    private const int Side = 96;

    // Colours of what is kept and what is discarded, far enough from the mean.
    private static readonly double[] Kept = [24, 88, 176];
    private static readonly double[] Discarded = [186, 62, 44];

    private readonly ProbedItems items;
    private readonly double range;

    /// <param name="items">What was probed.</param>
    /// <param name="threshold">b; the colours are full at three times that distance from the mean.</param>
    public EntropyPictures(ProbedItems items, double threshold)
    {
        this.items = items;
        range = 3 * Math.Max(Math.Abs(threshold), 1e-3);
    }

    /// <summary>The item as it is, as a PNG file.</summary>
    public byte[] Original(int item) => Draw(item, (_, _) => null);

    /// <summary>Its foreground: white, on black.</summary>
    public byte[] Mask(int item) =>
        Draw(item, (unit, _) => items.Foreground[item][unit] ? [255.0, 255.0, 255.0] : [0.0, 0.0, 0.0]);

    /// <summary>Its entropies.</summary>
    public byte[] Map(int item, LayerPoints points) => Draw(
        item, (unit, brightness) => Blend(brightness, (points.BackgroundMean - points.Entropy[item][unit]) / range));

    // The colour of a unit over a pixel of some brightness, 0 to 255; null leaves the pixel.
    private byte[] Draw(int item, Func<int, double, double[]?> colour) => items switch
    {
        { Pictures: { } pictures } => OverImage(pictures, item, colour),
        { Items: PointItems } => Scatter(item, colour),
        _ => Strip(item, colour),
    };

    private byte[] OverImage(ImageSet pictures, int item, Func<int, double, double[]?> colour)
    {
        (int height, int width) = (pictures.Height, pictures.Width);
        (long rows, long columns) = items.Items.Units;
        byte[] pixels = new byte[height * width * 3];
        ReadOnlySpan<byte> source = pictures.Image(item);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int pixel = y * width + x;
                double brightness = 0;
                for (int c = 0; c < 3; c++)
                {
                    byte value = source[(pictures.Channels == 1 ? 0 : c) * height * width + pixel];
                    pixels[pixel * 3 + c] = value;
                    brightness += value / 3.0;
                }

                int unit = (int)(y * rows / height * columns + x * columns / width);
                Paint(pixels, pixel, colour(unit, brightness));
            }
        }

        return PngWriter.Encode(pixels, width, height, 3);
    }

    private byte[] Scatter(int item, Func<int, double, double[]?> colour)
    {
        double[] points = EntropyProbe.Values(items.Items.Inputs.narrow(0, item, 1));
        int count = points.Length / 3;
        double extent = points.Max(Math.Abs);
        byte[] pixels = new byte[Side * Side * 3];
        Array.Fill(pixels, (byte)245);
        for (int point = 0; point < count; point++)
        {
            int x = (int)((points[point] / extent + 1) / 2 * (Side - 3)) + 1;
            int y = (int)((1 - points[count + point] / extent) / 2 * (Side - 3)) + 1;
            double[] own = colour(point, 128) ?? [60.0, 60.0, 60.0];
            foreach ((int dy, int dx) in new[] { (0, 0), (0, 1), (1, 0), (1, 1) })
            {
                Paint(pixels, (y + dy) * Side + x + dx, own);
            }
        }

        return PngWriter.Encode(pixels, Side, Side, 3);
    }

    private byte[] Strip(int item, Func<int, double, double[]?> colour)
    {
        int units = items.Present[item].Length;
        const int height = 3;
        byte[] pixels = new byte[units * height * 3];
        for (int unit = 0; unit < units; unit++)
        {
            double[]? own = items.Present[item][unit] ? colour(unit, 200) ?? [140.0, 140.0, 140.0] : [245.0, 245.0, 245.0];
            for (int row = 0; row < height; row++)
            {
                Paint(pixels, row * units + unit, own);
            }
        }

        return PngWriter.Encode(pixels, units, height, 3);
    }

    private static void Paint(byte[] pixels, int pixel, double[]? colour)
    {
        for (int c = 0; colour is not null && c < 3; c++)
        {
            pixels[pixel * 3 + c] = (byte)Math.Clamp(Math.Round(colour[c]), 0, 255);
        }
    }

    // A third of the pixel's own brightness shows through.
    private static double[] Blend(double brightness, double value)
    {
        double strength = Math.Min(1, Math.Abs(value));
        double[] end = value > 0 ? Kept : Discarded;
        return [.. end.Select(target => (255 + (target - 255) * strength) * (0.7 + 0.3 * brightness / 255))];
    }
}
