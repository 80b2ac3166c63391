namespace KdKernels.Core;

/// <summary>Rows of pixels that lie in one row of cells.</summary>
internal readonly record struct NoiseTile(int FirstRow, int Rows, int CellRow);

/// <summary>An image cut into tiles that stay in the first-level cache.</summary>
internal static class NoiseTiles
{
    private const int MostPixels = 4096;

    /// <summary>The tiles from top to bottom.</summary>
    public static NoiseTile[] Of(int height, int width, int cellRows)
    {
        int most = Math.Max(1, MostPixels / width);
        var tiles = new List<NoiseTile>();
        for (int row = 0; row < height;)
        {
            int first = row, cell = Cell(row, cellRows, height);
            while (row < height && row - first < most && Cell(row, cellRows, height) == cell) row++;
            tiles.Add(new NoiseTile(first, row - first, cell));
        }

        return [.. tiles];
    }

    /// <summary>⌊index·cells/size⌋: torch's nearest interpolation, in integers.</summary>
    public static int Cell(int index, int cells, int size) => (int)((long)index * cells / size);
}
