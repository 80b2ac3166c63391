using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device;

/// <summary>
/// The threads that share a row. Reductions give every thread the same bits, by an order that only the size of the group
/// determines. All threads of the group call them together.
/// </summary>
public interface IGroup
{
    /// <summary>This thread's number in the group.</summary>
    int Rank { get; }

    int Size { get; }

    /// <summary>
    /// Reductions that follow each other use different <paramref name="slot"/>s (0 to 5): one barrier each is then enough.
    /// </summary>
    void Max(ref float a, ref float b, int slot);

    void Sum(ref float a, ref float b, ref float c, int slot);

    void Min(ref int a, ref int b, int slot);
}

/// <summary>A thread with a row of its own.</summary>
public readonly struct ThreadGroup : IGroup
{
    public int Rank => 0;

    public int Size => 1;

    public void Max(ref float a, ref float b, int slot)
    {
    }

    public void Sum(ref float a, ref float b, ref float c, int slot)
    {
    }

    public void Min(ref int a, ref int b, int slot)
    {
    }
}

/// <summary>A warp: registers only, neither shared memory nor barriers.</summary>
public readonly struct WarpGroup : IGroup
{
    public int Rank => Group.IdxX & 31;

    public int Size => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Max(ref float a, ref float b, int slot)
    {
        a = WarpReduce.Max(a, 16);
        b = WarpReduce.Max(b, 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sum(ref float a, ref float b, ref float c, int slot)
    {
        a = WarpReduce.Sum(a, 16);
        b = WarpReduce.Sum(b, 16);
        c = WarpReduce.Sum(c, 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Min(ref int a, ref int b, int slot)
    {
        a = WarpReduce.Min(a, 16);
        b = WarpReduce.Min(b, 16);
    }
}

/// <summary>A block: one hop through shared memory between two rounds of shuffles.</summary>
public readonly struct BlockGroup<TThreads> : IGroup
    where TThreads : struct, ISize
{
    private const int SlotSize = 3 * 32;
    private readonly ArrayView<float> shared;

    /// <summary>Takes <see cref="SharedFloats"/> floats of shared memory.</summary>
    public BlockGroup(ArrayView<float> shared) => this.shared = shared;

    /// <summary>Shared memory of a block group, in floats.</summary>
    public const int SharedFloats = 6 * SlotSize;

    public int Rank => Group.IdxX;

    public int Size => default(TThreads).Value;

    private static int Warps => default(TThreads).Value >> 5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Max(ref float a, ref float b, int slot)
    {
        Exchange(WarpReduce.Max(a, 16), WarpReduce.Max(b, 16), 0, slot);
        int lane = slot * SlotSize + (Group.IdxX & (Warps - 1));
        a = WarpReduce.Max(shared[lane], Warps >> 1);
        b = WarpReduce.Max(shared[lane + 32], Warps >> 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sum(ref float a, ref float b, ref float c, int slot)
    {
        Exchange(WarpReduce.Sum(a, 16), WarpReduce.Sum(b, 16), WarpReduce.Sum(c, 16), slot);
        int lane = slot * SlotSize + (Group.IdxX & (Warps - 1));
        a = WarpReduce.Sum(shared[lane], Warps >> 1);
        b = WarpReduce.Sum(shared[lane + 32], Warps >> 1);
        c = WarpReduce.Sum(shared[lane + 64], Warps >> 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Min(ref int a, ref int b, int slot)
    {
        float bitsA = Interop.IntAsFloat((uint)WarpReduce.Min(a, 16));
        float bitsB = Interop.IntAsFloat((uint)WarpReduce.Min(b, 16));
        Exchange(bitsA, bitsB, 0, slot);
        int lane = slot * SlotSize + (Group.IdxX & (Warps - 1));
        a = WarpReduce.Min((int)Interop.FloatAsInt(shared[lane]), Warps >> 1);
        b = WarpReduce.Min((int)Interop.FloatAsInt(shared[lane + 32]), Warps >> 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Exchange(float a, float b, float c, int slot)
    {
        if ((Group.IdxX & 31) == 0)
        {
            int warp = slot * SlotSize + (Group.IdxX >> 5);
            shared[warp] = a;
            shared[warp + 32] = b;
            shared[warp + 64] = c;
        }
        Group.Barrier();
    }
}

/// <summary>Butterflies over the lanes of a warp; the first distance bounds the lanes that take part.</summary>
public static class WarpReduce
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(float value, int distance)
    {
        if (distance >= 16) value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 16));
        if (distance >= 8) value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 8));
        if (distance >= 4) value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 4));
        if (distance >= 2) value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 2));
        if (distance >= 1) value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 1));
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float value, int distance)
    {
        if (distance >= 16) value += Warp.ShuffleXor(value, 16);
        if (distance >= 8) value += Warp.ShuffleXor(value, 8);
        if (distance >= 4) value += Warp.ShuffleXor(value, 4);
        if (distance >= 2) value += Warp.ShuffleXor(value, 2);
        if (distance >= 1) value += Warp.ShuffleXor(value, 1);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(int value)
    {
        value += Warp.ShuffleXor(value, 16);
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        return value + Warp.ShuffleXor(value, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(double value, int distance)
    {
        if (distance >= 16) value += Warp.ShuffleXor(value, 16);
        if (distance >= 8) value += Warp.ShuffleXor(value, 8);
        if (distance >= 4) value += Warp.ShuffleXor(value, 4);
        if (distance >= 2) value += Warp.ShuffleXor(value, 2);
        if (distance >= 1) value += Warp.ShuffleXor(value, 1);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Min(int value, int distance)
    {
        if (distance >= 16) value = IntrinsicMath.Min(value, Warp.ShuffleXor(value, 16));
        if (distance >= 8) value = IntrinsicMath.Min(value, Warp.ShuffleXor(value, 8));
        if (distance >= 4) value = IntrinsicMath.Min(value, Warp.ShuffleXor(value, 4));
        if (distance >= 2) value = IntrinsicMath.Min(value, Warp.ShuffleXor(value, 2));
        if (distance >= 1) value = IntrinsicMath.Min(value, Warp.ShuffleXor(value, 1));
        return value;
    }
}
