namespace KdKernels.Distillation.Data.Augmenting.Operations;

/// <summary>Operations that map each byte of a channel by a table of 256.</summary>
internal static class PointOperations
{
    public static void Apply(
        ImageOperation operation, double value, ImageShape shape, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        for (int c = 0; c < shape.Channels; c++)
        {
            ReadOnlySpan<byte> plane = source.Slice(c * shape.PixelCount, shape.PixelCount);
            byte[] table = operation switch
            {
                ImageOperation.AutoContrast => AutoContrast(Histogram(plane)),
                ImageOperation.Equalize => Equalize(Histogram(plane)),
                ImageOperation.Invert => Table(level => 255 - level),
                ImageOperation.Solarize => Table(level => level < value ? level : 255 - level),
                ImageOperation.Posterize => Posterize(value),
                _ => throw new ArgumentOutOfRangeException(
                    nameof(operation), operation, $"expected one of {string.Join(", ", Enum.GetNames<ImageOperation>())}"),
            };
            Span<byte> output = destination.Slice(c * shape.PixelCount, shape.PixelCount);
            for (int i = 0; i < plane.Length; i++)
            {
                output[i] = table[plane[i]];
            }
        }
    }

    private static byte[] AutoContrast(int[] histogram)
    {
        int low = Array.FindIndex(histogram, count => count > 0);
        int high = Array.FindLastIndex(histogram, count => count > 0);
        if (high <= low)
        {
            return Table(level => level);
        }

        double scale = 255.0 / (high - low);
        double offset = -low * scale;
        return Table(level => (int)(level * scale + offset));
    }

    private static byte[] Equalize(int[] histogram)
    {
        int last = Array.FindLastIndex(histogram, count => count > 0);
        int step = (histogram.Sum() - histogram[last]) / 255;
        if (step == 0)
        {
            return Table(level => level);
        }

        int[] mapped = new int[256];
        int below = step / 2;
        for (int level = 0; level < 256; level++)
        {
            mapped[level] = below / step;
            below += histogram[level];
        }

        return Table(level => mapped[level]);
    }

    private static byte[] Posterize(double bits)
    {
        if (bits is not (>= 1 and <= 8) || bits != Math.Floor(bits))
        {
            throw new ArgumentOutOfRangeException(nameof(bits), bits, "expected 1 to 8 whole bits to stay");
        }

        int mask = 0xFF & ~((1 << (8 - (int)bits)) - 1);
        return Table(level => level & mask);
    }

    private static int[] Histogram(ReadOnlySpan<byte> plane)
    {
        int[] histogram = new int[256];
        foreach (byte level in plane)
        {
            histogram[level]++;
        }

        return histogram;
    }

    private static byte[] Table(Func<int, int> map)
    {
        byte[] table = new byte[256];
        for (int level = 0; level < table.Length; level++)
        {
            table[level] = (byte)Math.Clamp(map(level), 0, 255);
        }

        return table;
    }
}
