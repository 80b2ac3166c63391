using KdKernels.Distillation.Data;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Detection;

/// <summary>
/// The cells of a detector, one anchor each, and what its numbers mean. Of the C + 1 + 4 numbers of a cell the first
/// C + 1 are logits, background first; then come the centre's offset from the middle of the cell, x and y, in cells,
/// and the logarithms of width and height over <see cref="BaseSize"/>.
/// </summary>
/// <param name="Rows">Cells from top to bottom.</param>
/// <param name="Columns">Cells from left to right.</param>
/// <param name="CellSize">Height and width of a cell in pixels.</param>
/// <param name="BaseSize">Height and width of the anchor in pixels.</param>
/// <param name="ClassCount">C, without background.</param>
public sealed record DetectionGrid(int Rows, int Columns, int CellSize, double BaseSize, int ClassCount)
{
    /// <summary>The class of a cell without an object.</summary>
    public const int Background = 0;

    /// <summary>Numbers that describe a box.</summary>
    public const int OffsetCount = 4;

    /// <summary>A; cell a is in row a / Columns.</summary>
    public int CellCount => Rows * Columns;

    /// <summary>C + 1.</summary>
    public int LogitCount => ClassCount + 1;

    /// <summary>C + 1 + 4.</summary>
    public int ChannelCount => LogitCount + OffsetCount;

    /// <summary>The logits <c>[B, A, C + 1]</c> of a detector's output <c>[B, A, C + 1 + 4]</c>, a view.</summary>
    public Tensor Logits(Tensor output) => Part(output, 0, LogitCount);

    /// <summary>The box offsets <c>[B, A, 4]</c> of a detector's output <c>[B, A, C + 1 + 4]</c>, a view.</summary>
    public Tensor Offsets(Tensor output) => Part(output, LogitCount, OffsetCount);

    /// <summary>The cell in which the middle of a box lies; one on the far edge of the image is in the last.</summary>
    public int CellOf(BoundingBox box)
    {
        (double x, double y) = Centre(box);
        int column = Math.Clamp((int)(x / CellSize), 0, Columns - 1);
        int row = Math.Clamp((int)(y / CellSize), 0, Rows - 1);
        return row * Columns + column;
    }

    /// <summary>A box as the four numbers of a cell.</summary>
    /// <param name="box">In pixels.</param>
    /// <param name="cell">Its cell, usually <see cref="CellOf"/> it.</param>
    /// <param name="offsets">Receives four numbers.</param>
    public void Encode(BoundingBox box, int cell, Span<double> offsets)
    {
        (double x, double y) = Centre(box);
        offsets[0] = x / CellSize - (cell % Columns + 0.5);
        offsets[1] = y / CellSize - (cell / Columns + 0.5);
        offsets[2] = Math.Log(box.Width / BaseSize);
        offsets[3] = Math.Log(box.Height / BaseSize);
    }

    /// <summary>The box that four numbers of a cell mean, in pixels; it may leave the image.</summary>
    public BoundingBox Decode(ReadOnlySpan<double> offsets, int cell)
    {
        double x = (cell % Columns + 0.5 + offsets[0]) * CellSize;
        double y = (cell / Columns + 0.5 + offsets[1]) * CellSize;
        double width = BaseSize * Math.Exp(offsets[2]);
        double height = BaseSize * Math.Exp(offsets[3]);
        return new BoundingBox(x - width / 2, y - height / 2, x + width / 2, y + height / 2);
    }

    private Tensor Part(Tensor output, int start, int count)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (output.ndim != 3 || output.shape[1] != CellCount || output.shape[2] != ChannelCount)
        {
            throw new ArgumentException(
                $"expected shape [B, {CellCount}, {ChannelCount}] but got [{string.Join(", ", output.shape)}]",
                nameof(output));
        }

        return output.narrow(2, start, count);
    }

    private static (double X, double Y) Centre(BoundingBox box) => ((box.X0 + box.X1) / 2, (box.Y0 + box.Y1) / 2);
}
