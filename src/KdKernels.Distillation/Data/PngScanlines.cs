using System.Numerics;

namespace KdKernels.Distillation.Data;

/// <summary>Receives one unfiltered line of an image or of one of its interlace passes.</summary>
/// <param name="line">The packed samples of the line.</param>
/// <param name="width">Pixels in the line.</param>
/// <param name="x">Column of its first pixel in the image.</param>
/// <param name="stepX">Columns from one of its pixels to the next.</param>
/// <param name="y">Row in the image.</param>
internal delegate void PngLine(ReadOnlySpan<byte> line, int width, int x, int stepX, int y);

/// <summary>Undoes PNG's line filters and Adam7's order, holding two lines at a time.</summary>
internal static class PngScanlines
{
    /// <summary>First column, first row, column step and row step of Adam7's seven passes.</summary>
    private static readonly (int X, int Y, int StepX, int StepY)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private static readonly (int X, int Y, int StepX, int StepY)[] Sequential = [(0, 0, 1, 1)];

    /// <summary>Bytes that the image has once inflated: every line with its filter byte.</summary>
    public static long InflatedLength(PngFile png) =>
        Passes(png).Sum(pass => pass.Width == 0 ? 0 : (long)pass.Height * (1 + LineLength(png, pass.Width)));

    public static void Read(PngFile png, DataInput data, PngLine emit)
    {
        int pixelBytes = Math.Max(1, png.Samples * png.BitDepth / 8);
        byte[] current = new byte[1 + LineLength(png, png.Width)];
        byte[] previous = new byte[current.Length];
        foreach ((int x, int y, int stepX, int stepY, int width, int height) in Passes(png))
        {
            if (width == 0)
                continue;
            int length = 1 + LineLength(png, width);
            Array.Clear(previous);
            for (int row = 0; row < height; row++)
            {
                data.ReadExactly(current.AsSpan(0, length), "a line of pixels");
                if (current[0] > 4)
                {
                    throw new KdDataException(
                        data.Source, data.Offset - length, $"expected a filter from 0 to 4 but got {current[0]}");
                }

                Unfilter(current[0], current.AsSpan(1, length - 1), previous.AsSpan(1, length - 1), pixelBytes);
                emit(current.AsSpan(1, length - 1), width, x, stepX, y + row * stepY);
                (current, previous) = (previous, current);
            }
        }
    }

    private static IEnumerable<(int X, int Y, int StepX, int StepY, int Width, int Height)> Passes(PngFile png) =>
        (png.Interlaced ? Adam7 : Sequential).Select(pass => (
            pass.X,
            pass.Y,
            pass.StepX,
            pass.StepY,
            Math.Max(0, (png.Width - pass.X + pass.StepX - 1) / pass.StepX),
            Math.Max(0, (png.Height - pass.Y + pass.StepY - 1) / pass.StepY)));

    private static int LineLength(PngFile png, int width) =>
        checked((int)(((long)width * png.Samples * png.BitDepth + 7) / 8));

    private static void Unfilter(int filter, Span<byte> line, ReadOnlySpan<byte> above, int pixelBytes)
    {
        switch (filter)
        {
            case 1:
                for (int i = pixelBytes; i < line.Length; i++)
                    line[i] += line[i - pixelBytes];
                break;
            case 2:
                AddUp(line, above);
                break;
            case 3:
                for (int i = 0; i < line.Length; i++)
                    line[i] += (byte)(((i < pixelBytes ? 0 : line[i - pixelBytes]) + above[i]) / 2);
                break;
            case 4:
                for (int i = 0; i < line.Length; i++)
                {
                    bool first = i < pixelBytes;
                    line[i] += Paeth(first ? 0 : line[i - pixelBytes], above[i], first ? 0 : above[i - pixelBytes]);
                }

                break;
        }
    }

    private static void AddUp(Span<byte> line, ReadOnlySpan<byte> above)
    {
        int i = 0;
        for (; i <= line.Length - Vector<byte>.Count; i += Vector<byte>.Count)
            (new Vector<byte>(line[i..]) + new Vector<byte>(above[i..])).CopyTo(line[i..]);
        for (; i < line.Length; i++)
            line[i] += above[i];
    }

    /// <summary>The neighbour nearest to left + above - diagonal; ties in the order left, above, diagonal.</summary>
    private static byte Paeth(int left, int above, int diagonal)
    {
        int toLeft = Math.Abs(above - diagonal);
        int toAbove = Math.Abs(left - diagonal);
        int toDiagonal = Math.Abs(left + above - 2 * diagonal);
        if (toLeft <= toAbove && toLeft <= toDiagonal)
            return (byte)left;
        return (byte)(toAbove <= toDiagonal ? above : diagonal);
    }
}
