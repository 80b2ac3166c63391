using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>
/// How the threads of a block share a tile of columns: a thread stays in its column, the same pixels in every step, and takes every
/// <see cref="Ranks"/>-th step. So no index is divided in the loop, and no sum leaves its register before the end.
/// </summary>
public struct MapColumns
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    /// <summary>Which of the steps are this thread's; not below <see cref="Ranks"/> for a thread that is left over.</summary>
    public int Rank;

    public int Ranks;

    /// <summary>Within the tile.</summary>
    public int Column;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MapColumns Of(int tileColumns)
    {
        MapColumns columns;
        columns.Ranks = Threads / tileColumns;
        columns.Rank = Group.IdxX / tileColumns;
        columns.Column = Group.IdxX - (columns.Rank * tileColumns);
        return columns;
    }

    /// <summary>
    /// Shared memory in which each thread leaves sums for <paramref name="perVector"/> elements: in double, with a pitch at which
    /// neighbouring elements lie in different banks.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Pitch(int perVector) => Threads + (16 / perVector);

    /// <summary>
    /// Adds up what the ranks left for each pixel of a tile. A period of several channels shows a pixel several times.
    /// </summary>
    /// <param name="shared">What the threads left; all have passed a barrier since.</param>
    /// <param name="tileColumns">Columns of the tile.</param>
    /// <param name="vectorShift">log2 of the elements of a column.</param>
    /// <param name="first">The tile's first pixel.</param>
    /// <param name="pixels">Of a map.</param>
    /// <param name="elements">Of a period that the tile has.</param>
    /// <param name="map">Where the sums go.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(
        ArrayView<double> shared, int tileColumns, int vectorShift, int first, int pixels, int elements, ArrayView<double> map)
    {
        int pitch = Pitch(1 << vectorShift);
        int count = elements < pixels - first ? elements : pixels - first;
        for (int j = Group.IdxX; j < count; j += Threads)
        {
            double sum = 0;
            for (int e = j; e < elements; e += pixels)
            {
                int at = ((e & ((1 << vectorShift) - 1)) * pitch) + (e >> vectorShift);
                for (int g = 0; g < Ranks; g++) sum += shared[at + (g * tileColumns)];
            }
            map[first + j] = sum;
        }
    }
}
