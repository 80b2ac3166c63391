using KdKernels.Distillation.Data;

namespace KdKernels.Analysis.Points;

/// <summary>Which cells of an image are foreground: those of whose pixels at least half are. A pixel belongs to the cell that
/// NoiseProbe gives it to.</summary>
internal sealed class CellMasks
{
    private readonly ImageSet images;
    private readonly MaskSource source;
    private readonly int rows;
    private readonly int columns;

    /// <exception cref="AnalysisException">The set has no masks, and its own are asked for.</exception>
    public CellMasks(ImageSet images, MaskSource source, int grid)
    {
        this.images = images;
        this.source = source;
        rows = Math.Min(grid, images.Height);
        columns = Math.Min(grid, images.Width);
        if (source == MaskSource.Data && !images.HasMasks)
        {
            throw new AnalysisException(
                $"expected data with masks but {images.Name} has none; --masks strokes or centre make some");
        }
    }

    /// <summary>Row-major, <c>[rows · columns]</c>.</summary>
    public bool[] Of(int index)
    {
        int[] inside = new int[rows * columns];
        int[] all = new int[rows * columns];
        ReadOnlySpan<byte> mask = source == MaskSource.Data ? images.Mask(index) : [];
        for (int y = 0; y < images.Height; y++)
        {
            for (int x = 0; x < images.Width; x++)
            {
                int cell = y * rows / images.Height * columns + x * columns / images.Width;
                all[cell]++;
                inside[cell] += IsForeground(index, mask, y, x) ? 1 : 0;
            }
        }

        return [.. inside.Zip(all, (part, whole) => 2 * part >= whole)];
    }

    private bool IsForeground(int index, ReadOnlySpan<byte> mask, int y, int x) => source switch
    {
        MaskSource.Data => mask[y * images.Width + x] != 0,
        MaskSource.Strokes => Brightness(index, y, x) > 127.5,
        _ => 8 * y >= images.Height && 8 * y < 7 * images.Height && 8 * x >= images.Width && 8 * x < 7 * images.Width,
    };

    private double Brightness(int index, int y, int x)
    {
        ReadOnlySpan<byte> image = images.Image(index);
        double sum = 0;
        for (int c = 0; c < images.Channels; c++)
        {
            sum += image[(c * images.Height + y) * images.Width + x];
        }

        return sum / images.Channels;
    }
}
