namespace KdKernels.Distillation.Data.Augmenting.Operations;

/// <summary>
/// <see cref="ImageOperation"/> on uint8 images <c>[C, H, W]</c> of one channel or of three (red, green, blue), byte for byte
/// what PIL 9 gives: nearest sampling, and grey 128 where a moved image leaves nothing.
/// </summary>
public static class ImageOperations
{
    /// <summary>Sides from which PIL's 16.16 fixed point does not hold a position.</summary>
    private const int SideLimit = 16384;

    /// <summary>Applies one operation.</summary>
    /// <param name="operation">Which.</param>
    /// <param name="value">Its value, as <see cref="ImageOperation"/> says; not read where it has none.</param>
    /// <param name="shape">Of both images.</param>
    /// <param name="source"><c>[C, H, W]</c>.</param>
    /// <param name="destination"><c>[C, H, W]</c>; must not overlap the source.</param>
    /// <exception cref="ArgumentException">A buffer has another size, or the image has other channels than one or
    /// three.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No such operation, or a value that it cannot have.</exception>
    public static void Apply(
        ImageOperation operation, double value, ImageShape shape, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        Require(shape, source.Length, destination.Length);
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "expected a finite value");
        }

        switch (operation)
        {
            case ImageOperation.ShearX:
                GeometricOperations.Affine([1, value, 0, 0, 1, 0], shape, source, destination);
                break;
            case ImageOperation.ShearY:
                GeometricOperations.Affine([1, 0, 0, value, 1, 0], shape, source, destination);
                break;
            case ImageOperation.TranslateX:
                GeometricOperations.Translate(value, 0, shape, source, destination);
                break;
            case ImageOperation.TranslateY:
                GeometricOperations.Translate(0, value, shape, source, destination);
                break;
            case ImageOperation.Rotate:
                GeometricOperations.Rotate(value, shape, source, destination);
                break;
            case ImageOperation.Contrast or ImageOperation.Color or ImageOperation.Brightness or ImageOperation.Sharpness:
                Enhancement.Enhance(operation, value, shape, source, destination);
                break;
            default:
                PointOperations.Apply(operation, value, shape, source, destination);
                break;
        }
    }

    internal static void RequireChannels(int channels)
    {
        if (channels is not (1 or 3))
        {
            throw new ArgumentException(
                $"expected images of 1 channel (grey) or 3 (red, green, blue) but got {channels}", nameof(channels));
        }
    }

    private static void Require(ImageShape shape, int source, int destination)
    {
        ArgumentNullException.ThrowIfNull(shape);
        RequireChannels(shape.Channels);
        if (source != shape.ByteCount || destination != shape.ByteCount)
        {
            throw new ArgumentException(
                $"expected {shape.ByteCount} bytes, as {shape} has, but got {source} and {destination}", nameof(source));
        }

        if (Math.Max(shape.Height, shape.Width) >= SideLimit)
        {
            throw new ArgumentException($"expected sides below {SideLimit} but got {shape}", nameof(shape));
        }
    }
}
