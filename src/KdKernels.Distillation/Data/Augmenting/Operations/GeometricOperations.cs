namespace KdKernels.Distillation.Data.Augmenting.Operations;

/// <summary>Operations that move pixels, as PIL's <c>Image.transform</c> does with nearest sampling: the centre of each
/// output pixel is looked up in the source.</summary>
internal static class GeometricOperations
{
    private const byte Fill = 128;
    private const double FixedOne = 65536;

    /// <summary>Source = output + shift.</summary>
    public static void Translate(
        double columns, double rows, ImageShape shape, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int[] xs = Positions(shape.Width, columns);
        int[] ys = Positions(shape.Height, rows);
        destination.Fill(Fill);
        for (int c = 0; c < shape.Channels; c++)
        {
            int plane = c * shape.PixelCount;
            for (int y = 0; y < shape.Height; y++)
            {
                for (int x = 0; ys[y] >= 0 && x < shape.Width; x++)
                {
                    if (xs[x] >= 0)
                    {
                        destination[plane + y * shape.Width + x] = source[plane + ys[y] * shape.Width + xs[x]];
                    }
                }
            }
        }
    }

    /// <summary>About the centre, counter-clockwise.</summary>
    public static void Rotate(double degrees, ImageShape shape, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        double turns = degrees % 360;
        if (turns == 0)
        {
            source.CopyTo(destination);
            return;
        }

        // PIL rounds to 15 decimals, so that a right angle has no remainder.
        double radians = -turns * (Math.PI / 180);
        (double cosine, double sine) = (Math.Round(Math.Cos(radians), 15), Math.Round(Math.Sin(radians), 15));
        (double x, double y) = (shape.Width / 2.0, shape.Height / 2.0);
        Affine(
            [cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y],
            shape,
            source,
            destination);
    }

    /// <summary>Source (x, y) = (m0 x + m1 y + m2, m3 x + m4 y + m5), in 16.16 fixed point like PIL's.</summary>
    public static void Affine(
        ReadOnlySpan<double> matrix, ImageShape shape, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        (int xByX, int xByY) = (Fixed(matrix[0]), Fixed(matrix[1]));
        (int yByX, int yByY) = (Fixed(matrix[3]), Fixed(matrix[4]));
        long xOfRow = Fixed(matrix[2] + matrix[0] * 0.5 + matrix[1] * 0.5);
        long yOfRow = Fixed(matrix[5] + matrix[3] * 0.5 + matrix[4] * 0.5);
        destination.Fill(Fill);
        for (int y = 0; y < shape.Height; y++)
        {
            (long xFixed, long yFixed) = (xOfRow, yOfRow);
            for (int x = 0; x < shape.Width; x++)
            {
                (long sourceX, long sourceY) = (xFixed >> 16, yFixed >> 16);
                if (sourceX >= 0 && sourceX < shape.Width && sourceY >= 0 && sourceY < shape.Height)
                {
                    int from = (int)(sourceY * shape.Width + sourceX);
                    for (int c = 0; c < shape.Channels; c++)
                    {
                        destination[c * shape.PixelCount + y * shape.Width + x] = source[c * shape.PixelCount + from];
                    }
                }

                xFixed += xByX;
                yFixed += yByX;
            }

            xOfRow += xByY;
            yOfRow += yByY;
        }
    }

    /// <summary>Source of each position; -1 outside.</summary>
    private static int[] Positions(int extent, double shift)
    {
        int[] positions = new int[extent];
        double position = shift + 0.5;
        for (int i = 0; i < extent; i++)
        {
            positions[i] = position >= 0 && position < extent ? (int)position : -1;
            position++;
        }

        return positions;
    }

    private static int Fixed(double value) => (int)Math.Floor(value * FixedOne + 0.5);
}
