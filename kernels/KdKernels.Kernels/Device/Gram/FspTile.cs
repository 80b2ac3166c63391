using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>Which 64 x 64 sums of which sample, and which part of the pixels.</summary>
public struct FspTile
{
    public const int Size = 64;

    public long Sample;

    /// <summary>Number of the tile in the launch.</summary>
    public long Number;

    /// <summary>First channel of the first layer.</summary>
    public int Row;

    /// <summary>First channel of the second layer.</summary>
    public int Column;

    public int Split;

    /// <summary>Tiles of a sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PerSample<T>(in FspArguments<T> a)
        where T : unmanaged
    {
        int rows = (a.Channels1 + Size - 1) >> 6;
        int columns = (a.Channels2 + Size - 1) >> 6;
        return a.Symmetric != 0 ? (rows * (rows + 1)) >> 1 : rows * columns;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FspTile Of<T>(in FspArguments<T> a, long item)
        where T : unmanaged
    {
        FspTile tile;
        tile.Number = item / a.Splits;
        tile.Split = (int)(item - (tile.Number * a.Splits));
        int perSample = PerSample(a);
        tile.Sample = tile.Number / perSample;
        int rest = (int)(tile.Number - (tile.Sample * perSample));
        int columns = (a.Channels2 + Size - 1) >> 6;
        int row = 0;
        if (a.Symmetric != 0)
        {
            // Row i of the upper half has i tiles less.
            for (; rest >= columns - row; row++) rest -= columns - row;
            rest += row;
        }
        else
        {
            row = rest / columns;
            rest -= row * columns;
        }
        tile.Row = row * Size;
        tile.Column = rest * Size;
        return tile;
    }
}
