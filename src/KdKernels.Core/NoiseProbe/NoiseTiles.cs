namespace KdKernels.Core;

/// <summary>Rows of pixels that lie in one row of cells.</summary>
internal readonly record struct NoiseTile(int FirstRow, int Rows, int CellRow);

/// <summary>Tiles below each other that are done together, so that small ones share a call of the generator.</summary>
internal readonly record struct NoiseBand(int FirstTile, int Tiles, int FirstRow, int Rows);

/// <summary>An image cut into tiles, and these joined into bands that stay in the first-level cache.</summary>
internal static class NoiseTiles
{
    private const int MostPixels = 4096;

    /// <summary>The tiles from top to bottom.</summary>
    public static NoiseTile[] Of(int height, int width, int cellRows)
    {
        int most = MostRows(width);
        var tiles = new List<NoiseTile>();
        for (int row = 0; row < height;)
        {
            int first = row, cell = Cell(row, cellRows, height);
            while (row < height && row - first < most && Cell(row, cellRows, height) == cell) row++;
            tiles.Add(new NoiseTile(first, row - first, cell));
        }

        return [.. tiles];
    }

    /// <summary>The bands from top to bottom.</summary>
    public static NoiseBand[] Bands(NoiseTile[] tiles, int width)
    {
        int most = MostRows(width);
        var bands = new List<NoiseBand>();
        for (int tile = 0; tile < tiles.Length;)
        {
            int first = tile, rows = 0;
            while (tile < tiles.Length && (rows == 0 || rows + tiles[tile].Rows <= most)) rows += tiles[tile++].Rows;
            bands.Add(new NoiseBand(first, tile - first, tiles[first].FirstRow, rows));
        }

        return [.. bands];
    }

    /// <summary>⌊index·cells/size⌋: torch's nearest interpolation, in integers.</summary>
    public static int Cell(int index, int cells, int size) => (int)((long)index * cells / size);

    private static int MostRows(int width) => Math.Max(1, MostPixels / width);
}
