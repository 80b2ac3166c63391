namespace KdKernels.Distillation.Data;

/// <summary>
/// Resizes the shorter side and crops the centre. Images by a triangle filter whose support grows with the reduction
/// (an area average when shrinking, bilinear when enlarging: Pillow's BILINEAR); masks by the nearest sample, since
/// labels have no mean.
/// </summary>
internal static class ImageResize
{
    public static DecodedImage ShorterSideAndCrop(DecodedImage image, int size)
    {
        ImageShape from = image.Shape;
        if (from.Height == size && from.Width == size)
            return image;
        Taps rows = Taps.Of(from.Height, Math.Min(from.Height, from.Width), size);
        Taps columns = Taps.Of(from.Width, Math.Min(from.Height, from.Width), size);
        var shape = new ImageShape(from.Channels, size, size);
        byte[] pixels = new byte[shape.ByteCount];

        // Columns first, and only of the rows that the crop needs.
        int firstRow = rows.Start.Min();
        int lastRow = Enumerable.Range(0, size).Max(i => rows.Start[i] + rows.Weights[i].Length);
        double[] narrow = new double[(lastRow - firstRow) * size];
        for (int c = 0; c < from.Channels; c++)
        {
            ReadOnlySpan<byte> plane = image.Pixels.AsSpan(c * from.PixelCount, from.PixelCount);
            for (int y = firstRow; y < lastRow; y++)
            {
                for (int x = 0; x < size; x++)
                {
                    double sum = 0;
                    for (int k = 0; k < columns.Weights[x].Length; k++)
                        sum += columns.Weights[x][k] * plane[y * from.Width + columns.Start[x] + k];
                    narrow[(y - firstRow) * size + x] = sum;
                }
            }

            for (int y = 0; y < size; y++)
            {
                for (int x = 0; x < size; x++)
                {
                    double sum = 0;
                    for (int k = 0; k < rows.Weights[y].Length; k++)
                        sum += rows.Weights[y][k] * narrow[(rows.Start[y] + k - firstRow) * size + x];
                    pixels[c * shape.PixelCount + y * size + x] = (byte)(Math.Clamp(sum, 0, 255) + 0.5);
                }
            }
        }

        return new DecodedImage(shape, pixels);
    }

    /// <summary>The same window of a mask <c>[1, H, W]</c>.</summary>
    public static DecodedImage ShorterSideAndCropNearest(DecodedImage mask, int size)
    {
        ImageShape from = mask.Shape;
        int shorter = Math.Min(from.Height, from.Width);
        var shape = new ImageShape(1, size, size);
        byte[] values = new byte[shape.ByteCount];
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                int row = (int)Centre(y, from.Height, shorter, size);
                int column = (int)Centre(x, from.Width, shorter, size);
                values[y * size + x] = mask.Pixels[row * from.Width + column];
            }
        }

        return new DecodedImage(shape, values);
    }

    /// <summary>Where, in source pixels, the centre of an output pixel lies.</summary>
    private static double Centre(int output, int extent, int shorter, int size)
    {
        double scale = (double)shorter / size;
        return Math.Clamp((extent - shorter) / 2.0 + (output + 0.5) * scale, 0, extent - 0.5);
    }

    /// <summary>
    /// For every output position: the first source position and the weights from there on, which sum to 1.
    /// </summary>
    private sealed record Taps(int[] Start, double[][] Weights)
    {
        public static Taps Of(int extent, int shorter, int size)
        {
            double support = Math.Max(1, (double)shorter / size);
            int[] start = new int[size];
            double[][] weights = new double[size][];
            for (int i = 0; i < size; i++)
            {
                double centre = Centre(i, extent, shorter, size);
                int first = Math.Max(0, (int)Math.Floor(centre - support + 0.5));
                int end = Math.Min(extent, (int)Math.Floor(centre + support + 0.5));
                double[] taps = new double[end - first];
                for (int k = 0; k < taps.Length; k++)
                    taps[k] = Math.Max(0, 1 - Math.Abs((first + k + 0.5 - centre) / support));
                double sum = taps.Sum();
                for (int k = 0; k < taps.Length; k++)
                    taps[k] /= sum;
                start[i] = first;
                weights[i] = taps;
            }

            return new Taps(start, weights);
        }
    }
}
