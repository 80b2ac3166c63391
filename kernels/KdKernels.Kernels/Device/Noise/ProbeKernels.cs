using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>The kernels of NoiseProbe whose rows of pixels are whole vectors at multiples of 16 bytes.</summary>
public static class ProbeKernels
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    /// <summary>The widest image that the vector kernels take: one row of pixels is one row of threads.</summary>
    public const int MostVectorsPerLine = Threads;

    /// <summary>Writes the copies.</summary>
    public static void Forward<T, TElement>(NoiseProbeArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        var walk = VectorWalk<T, TElement>.Of(a.Width, Group.IdxX, Threads);
        int tiles = ProbeTile.Count(a);
        for (int index = Grid.IdxX; index < tiles; index += Grid.DimX)
        {
            var tile = ProbeTile.Of(a, index);
            if (walk.Lane >= walk.LineLanes | tile.Rows == 0) continue;
            AddNoise map;
            map.Noise = default;
            map.Sigma = SigmaOf<T, TElement>(a, tile, walk.Column);
            var stream = tile.Noise(a);
            var input = a.Input.SubView(tile.InputOffset(a));
            var copy = a.Copies.SubView(tile.CopyOffset(a));
            var cursor = CursorOf(a, tile, walk.Lane, walk.LineLanes, walk.Column);
            int lines = a.Channels * tile.Rows;
            for (int line = walk.Lane; line < lines; line += walk.LineLanes)
            {
                var pixels = element.LoadVector(ref input[cursor.Element]);
                map.Noise = VectorWalk<T, TElement>.Noise(a.Keys, stream, cursor.Element);
                element.StoreVector(ref copy[cursor.Element], element.Map(pixels, pixels, ref map));
                cursor.Next();
            }
        }
    }

    /// <summary>Writes the gradient of σ.</summary>
    public static void Backward<T, TElement>(NoiseProbeArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var ticket = SharedMemory.Allocate<int>(32);
        var sums = SharedMemory.Allocate<float>(8 * (Threads + 8));
        TElement element = default;
        element.BeginPhase(0, 0);
        int rank = Group.IdxX;
        var walk = VectorWalk<T, TElement>.Of(a.Width, rank, Threads);
        ColumnSums layout;
        layout.Shift = 4 - default(TElement).SizeShift;
        layout.PerLine = walk.PerLine;
        layout.LineLanes = walk.LineLanes;
        int tiles = ProbeTile.Count(a);
        if (tiles == 0) ProbeCells.Clear<T, TElement>(a);
        for (int index = Grid.IdxX; index < tiles; index += Grid.DimX)
        {
            var tile = ProbeTile.Of(a, index);
            AddProducts products = default;
            if (walk.Lane < walk.LineLanes & tile.Rows > 0)
            {
                var stream = tile.Noise(a);
                var upstream = a.Copies.SubView(tile.CopyOffset(a));
                var cursor = CursorOf(a, tile, walk.Lane, walk.LineLanes, walk.Column);
                int lines = a.Channels * tile.Rows;
                for (int line = walk.Lane; line < lines; line += walk.LineLanes)
                {
                    var gradients = element.LoadVector(ref upstream[cursor.Element]);
                    products.Noise = VectorWalk<T, TElement>.Noise(a.Keys, stream, cursor.Element);
                    element.Each(gradients, gradients, ref products);
                    cursor.Next();
                }
            }

            Put(products.Sums.Low, sums, rank, layout.Pitch);
            if (default(TElement).PerVector == 8) Put(products.Sums.High, sums, rank + (4 * layout.Pitch), layout.Pitch);
            Group.Barrier();
            ProbeCells.Write(a, tile, sums, layout);
            ProbeCells.Finish<T, TElement>(a, tile, ticket);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(NormalBlock values, ArrayView<float> sums, int at, int pitch)
    {
        sums[at] = values.A;
        sums[at + pitch] = values.B;
        sums[at + (2 * pitch)] = values.C;
        sums[at + (3 * pitch)] = values.D;
    }

    /// <summary>The deviations of a vector's columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static EightFloats SigmaOf<T, TElement>(in NoiseProbeArguments<T> a, in ProbeTile tile, int column)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var cells = a.Sigma.SubView((long)tile.Band * a.CellColumns);
        EightFloats sigma = default;
        sigma.Low = FourSigmas<T, TElement>(a, cells, column);
        if (default(TElement).PerVector == 8) sigma.High = FourSigmas<T, TElement>(a, cells, column + 4);
        return sigma;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static NormalBlock FourSigmas<T, TElement>(in NoiseProbeArguments<T> a, ArrayView<T> cells, int column)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        NormalBlock sigma;
        sigma.A = element.Load(ref cells[CellSpan.Of(column, a.CellColumns, a.Width)]);
        sigma.B = element.Load(ref cells[CellSpan.Of(column + 1, a.CellColumns, a.Width)]);
        sigma.C = element.Load(ref cells[CellSpan.Of(column + 2, a.CellColumns, a.Width)]);
        sigma.D = element.Load(ref cells[CellSpan.Of(column + 3, a.CellColumns, a.Width)]);
        return sigma;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static LineCursor CursorOf<T>(in NoiseProbeArguments<T> a, in ProbeTile tile, int lane, int lanes, int column)
        where T : unmanaged =>
        new(lane, lanes, tile.Rows, ((long)tile.FirstRow * a.Width) + column, a.Width, a.Plane);
}
