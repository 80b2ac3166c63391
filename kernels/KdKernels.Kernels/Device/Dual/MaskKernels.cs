using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Dual;

/// <summary>The one parameter of every kernel of DualRelu; the launcher has its mirror image.</summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct MaskArguments<T>
    where T : unmanaged
{
    /// <summary>x.</summary>
    public ArrayView<T> Primal;

    /// <summary>The blocks that are masked: the stack itself, or its upstream gradient.</summary>
    public ArrayView<T> Values;

    public ArrayView<T> Result;

    /// <summary>From one block to the next.</summary>
    public long ValuesStride;

    public long ResultStride;

    /// <summary>Elements of a block.</summary>
    public long Length;

    public int Blocks;

    /// <summary>Blocks of a unit of work.</summary>
    public int Chunk;

    /// <summary>Units of a tile of elements.</summary>
    public int Chunks;

    /// <summary>1: the first block of the values is the primal.</summary>
    public int Forward;

    /// <summary>1: all values are the first one.</summary>
    public int Constant;

    public int Reserved;
}

/// <summary>The kernels of DualRelu: a thread has four elements of the primal and masks those of every block by them.</summary>
public static class MaskKernels
{
    /// <summary>Tile after tile of 1024 elements, and of that some blocks.</summary>
    public static void Masks<T, TMemory>(MaskArguments<T> a)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
    {
        TMemory memory = default;
        long units = ((a.Length + 1023) >> 10) * a.Chunks;
        var constant = Quad.Of(0f);
        if (a.Constant != 0) constant = Quad.Of(memory.LoadOne(ref a.Values[0]));
        for (long unit = Grid.IdxX; unit < units; unit += Grid.DimX)
        {
            var place = RowIndex.Of(unit, a.Chunks);
            long start = (place.Outer << 10) + memory.First(Group.IdxX);
            // A tile has no more than that, whatever comes behind it.
            long rest = a.Length - start;
            int left = rest < 1024 ? (int)rest : 1024;
            Quad x = memory.Load(a.Primal.SubView(start), 0, left, 1, 256, 0f);
            int block = (int)place.Inner * a.Chunk;
            int end = block + a.Chunk < a.Blocks ? block + a.Chunk : a.Blocks;
            var values = a.Values.SubView(a.Constant != 0 ? 0 : start + (block * a.ValuesStride));
            var result = a.Result.SubView(start + (block * a.ResultStride));
            int readable = a.Constant != 0 ? 0 : left;
            if (block == 0 & a.Forward != 0)
            {
                memory.Store(result, 0, left, 1, 256, Mask(x, x));
                block++;
                values = values.SubView(a.ValuesStride);
                result = result.SubView(a.ResultStride);
            }

            // Four blocks at a time: their loads are under way together.
            for (; block + 3 < end; block += 4)
            {
                Quad v0 = Load<T, TMemory>(values, readable, constant);
                Quad v1 = Load<T, TMemory>(values.SubView(a.ValuesStride), readable, constant);
                Quad v2 = Load<T, TMemory>(values.SubView(2 * a.ValuesStride), readable, constant);
                Quad v3 = Load<T, TMemory>(values.SubView(3 * a.ValuesStride), readable, constant);
                memory.Store(result, 0, left, 1, 256, Mask(x, v0));
                memory.Store(result.SubView(a.ResultStride), 0, left, 1, 256, Mask(x, v1));
                memory.Store(result.SubView(2 * a.ResultStride), 0, left, 1, 256, Mask(x, v2));
                memory.Store(result.SubView(3 * a.ResultStride), 0, left, 1, 256, Mask(x, v3));
                values = values.SubView(4 * a.ValuesStride);
                result = result.SubView(4 * a.ResultStride);
            }
            for (; block < end; block++)
            {
                memory.Store(result, 0, left, 1, 256, Mask(x, Load<T, TMemory>(values, readable, constant)));
                values = values.SubView(a.ValuesStride);
                result = result.SubView(a.ResultStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Load<T, TMemory>(ArrayView<T> values, int readable, Quad constant)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
    {
        Quad quad = default(TMemory).Load(values, 0, readable, 1, 256, 0f);
        return readable > 0 ? quad : constant;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Mask(Quad x, Quad value)
    {
        Quad quad;
        quad.X = Mask(x.X, value.X);
        quad.Y = Mask(x.Y, value.Y);
        quad.Z = Mask(x.Z, value.Z);
        quad.W = Mask(x.W, value.W);
        return quad;
    }

    // Where x is neither above 0 nor at most 0 it is a NaN, which takes the place of the value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Mask(float x, float value)
    {
        float rest = x <= 0f ? 0f : x;
        return x > 0f ? value : rest;
    }
}
