using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>
/// The noise of some lines of a tile in shared memory: made by whole blocks of four elements, which may begin before a line, and
/// read one element at a time, in the order in which the pixels lie.
/// </summary>
public struct NoiseStage
{
    /// <summary>Sixteen bytes of shared memory, so many times.</summary>
    public const int Blocks = 520;

    private readonly ArrayView<U4> blocks;
    private readonly ArrayView<uint> values;
    private readonly ProbeTile tile;
    private readonly int perLine;
    private readonly int width;
    private readonly long plane;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NoiseStage(ArrayView<U4> shared, ProbeTile tile, int width, long plane)
    {
        blocks = shared;
        values = shared.Cast<uint>();
        this.tile = tile;
        this.width = width;
        this.plane = plane;
        perLine = (tile.Columns + 6) >> 2;
    }

    /// <summary>Lines that there is room for.</summary>
    public readonly int Lines => (int)(Blocks / (uint)perLine);

    /// <summary>The first element, in the copy, of a line of the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long Element(int line)
    {
        uint channel = (uint)line / (uint)tile.Rows;
        int row = tile.FirstRow + line - (int)(channel * (uint)tile.Rows);
        return (channel * plane) + ((long)row * width) + tile.FirstColumn;
    }

    /// <summary>Makes the noise of <paramref name="count"/> lines; the block of threads meets before and after.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Fill(in PhiloxKeys keys, in NormalStream stream, int firstLine, int count)
    {
        Group.Barrier();
        for (int i = Group.IdxX; i < count * perLine; i += ProbeKernels.Threads)
        {
            int line = (int)((uint)i / (uint)perLine);
            uint block = (uint)(Element(firstLine + line) >> 2) + (uint)(i - (line * perLine));
            blocks[i] = EightFloats.Bits(PhiloxNormals.Block(keys, stream, block));
        }
        Group.Barrier();
    }

    /// <summary>The noise of a pixel.</summary>
    /// <param name="stagedLine">The line's number among those that were filled.</param>
    /// <param name="element">The line's first element.</param>
    /// <param name="column">The pixel's column in the tile.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float At(int stagedLine, long element, int column) =>
        Interop.IntAsFloat(values[(stagedLine * perLine * 4) + (int)(element & 3) + column]);
}
