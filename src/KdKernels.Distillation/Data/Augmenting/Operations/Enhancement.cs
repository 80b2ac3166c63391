namespace KdKernels.Distillation.Data.Augmenting.Operations;

/// <summary>PIL's enhancements: <c>plain + factor (image - plain)</c>, where plain is a version of the image that has none of
/// the quality.</summary>
internal static class Enhancement
{
    /// <summary>Sum of the weights of PIL's smoothing kernel, 5 in the middle of eight ones.</summary>
    private const int KernelSum = 13;

    public static void Enhance(
        ImageOperation operation, double factor, ImageShape shape, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        switch (operation)
        {
            case ImageOperation.Brightness:
                destination.Clear();
                break;
            case ImageOperation.Contrast:
                destination.Fill(MeanGrey(shape, source));
                break;
            case ImageOperation.Color:
                for (int c = 0; c < shape.Channels; c++)
                {
                    Grey(shape, source, destination.Slice(c * shape.PixelCount, shape.PixelCount));
                }

                break;
            default:
                Smooth(shape, source, destination);
                break;
        }

        Blend((float)factor, source, destination);
    }

    /// <summary>In float32 and cut to the integer below, as PIL does it: the last bit depends on both.</summary>
    private static void Blend(float factor, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            int plain = destination[i];
            float mixed = plain + factor * (source[i] - plain);
            destination[i] = mixed <= 0 ? (byte)0 : mixed >= 255 ? (byte)255 : (byte)mixed;
        }
    }

    private static byte MeanGrey(ImageShape shape, ReadOnlySpan<byte> source)
    {
        byte[] grey = new byte[shape.PixelCount];
        Grey(shape, source, grey);
        long sum = 0;
        foreach (byte level in grey)
        {
            sum += level;
        }

        return (byte)((double)sum / grey.Length + 0.5);
    }

    /// <summary>ITU-R 601-2 luma in 16.16 fixed point.</summary>
    private static void Grey(ImageShape shape, ReadOnlySpan<byte> source, Span<byte> grey)
    {
        if (shape.Channels == 1)
        {
            source.CopyTo(grey);
            return;
        }

        int pixels = shape.PixelCount;
        for (int i = 0; i < pixels; i++)
        {
            grey[i] = (byte)(
                (source[i] * 19595 + source[pixels + i] * 38470 + source[2 * pixels + i] * 7471 + 0x8000) >> 16);
        }
    }

    /// <summary>A 3x3 mean with weight 5 in the middle; the outermost pixels stay as they are.</summary>
    private static void Smooth(ImageShape shape, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        source.CopyTo(destination);
        (int height, int width) = (shape.Height, shape.Width);
        for (int c = 0; c < shape.Channels; c++)
        {
            ReadOnlySpan<byte> plane = source.Slice(c * shape.PixelCount, shape.PixelCount);
            Span<byte> output = destination.Slice(c * shape.PixelCount, shape.PixelCount);
            for (int y = 1; y < height - 1; y++)
            {
                for (int x = 1; x < width - 1; x++)
                {
                    int at = y * width + x;
                    int sum = 4 * plane[at];
                    for (int row = at - width; row <= at + width; row += width)
                    {
                        sum += plane[row - 1] + plane[row] + plane[row + 1];
                    }

                    output[at] = (byte)((2 * sum + KernelSum) / (2 * KernelSum));
                }
            }
        }
    }
}
