using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Quads;

/// <summary>
/// The threads that share a piece of work. Reductions give every thread the same bits, by an order that only the size of the
/// group determines. All threads of the group call them together. Reductions that follow each other use different slots
/// (0 to 3): one barrier each is then enough.
/// </summary>
public interface IQuadGroup
{
    /// <summary>This thread's number in the group.</summary>
    int Rank { get; }

    /// <summary>Threads, a power of 2.</summary>
    int Size { get; }

    /// <summary>log2 of <see cref="Size"/>.</summary>
    int SizeShift { get; }

    /// <summary>The first piece of work of this group.</summary>
    long First { get; }

    /// <summary>From one of its pieces to the next.</summary>
    long Step { get; }

    /// <param name="shared"><see cref="QuadGroups.SharedFloats"/> of shared memory.</param>
    void Begin(ArrayView<float> shared);

    float Max(float value, int slot);

    int Min(int value, int slot);

    /// <summary>Four sums at once.</summary>
    void Sum(ref Quad sums, int slot);
}

/// <summary>A warp, eight of them in a block: registers only, neither shared memory nor barriers.</summary>
public readonly struct QuadWarp : IQuadGroup
{
    public int Rank => Group.IdxX & 31;

    public int Size => 32;

    public int SizeShift => 5;

    public long First => ((long)Grid.IdxX << 3) + (Group.IdxX >> 5);

    public long Step => (long)Grid.DimX << 3;

    public void Begin(ArrayView<float> shared)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Max(float value, int slot) => WarpReduce.Max(value, 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Min(int value, int slot) => WarpReduce.Min(value, 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sum(ref Quad sums, int slot) => sums = QuadGroups.Broadcast(QuadGroups.SumOfLanes(sums));
}

/// <summary>A block of 256 threads: one hop through shared memory between two rounds of shuffles.</summary>
public struct QuadBlock : IQuadGroup
{
    private ArrayView<float> shared;

    public readonly int Rank => Group.IdxX;

    public readonly int Size => 256;

    public readonly int SizeShift => 8;

    public readonly long First => Grid.IdxX;

    public readonly long Step => Grid.DimX;

    public void Begin(ArrayView<float> shared) => this.shared = shared;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Max(float value, int slot)
    {
        float ofWarp = WarpReduce.Max(value, 16);
        int lane = Group.IdxX & 31;
        if (lane == 0) shared[(slot * 32) + (Group.IdxX >> 5)] = ofWarp;
        Group.Barrier();
        return WarpReduce.Max(shared[(slot * 32) + (lane & 7)], 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Min(int value, int slot)
    {
        int ofWarp = WarpReduce.Min(value, 16);
        int lane = Group.IdxX & 31;
        if (lane == 0) shared[(slot * 32) + (Group.IdxX >> 5)] = Interop.IntAsFloat((uint)ofWarp);
        Group.Barrier();
        return WarpReduce.Min((int)Interop.FloatAsInt(shared[(slot * 32) + (lane & 7)]), 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Sum(ref Quad sums, int slot)
    {
        float sum = QuadGroups.SumOfLanes(sums);
        int lane = Group.IdxX & 31;
        // One word for each sum and warp; then lane 8 v + w takes sum v of warp w.
        if ((lane & 7) == 0) shared[(slot * 32) + lane + (Group.IdxX >> 5)] = sum;
        Group.Barrier();
        sum = WarpReduce.Sum(shared[(slot * 32) + lane], 4);
        sums = QuadGroups.Broadcast(sum);
    }
}

/// <summary>Four sums over a warp, ten shuffles where four butterflies take twenty.</summary>
public static class QuadGroups
{
    /// <summary>Shared memory of a group, in floats.</summary>
    public const int SharedFloats = 4 * 32;

    /// <summary>Sum v for lanes 8 v to 8 v + 7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOfLanes(Quad sums)
    {
        // Half of the lanes keep two of the sums and give away the other two, then half of those keep one.
        bool upper = (Group.IdxX & 16) != 0;
        float a = (upper ? sums.Z : sums.X) + Warp.ShuffleXor(upper ? sums.X : sums.Z, 16);
        float b = (upper ? sums.W : sums.Y) + Warp.ShuffleXor(upper ? sums.Y : sums.W, 16);
        bool odd = (Group.IdxX & 8) != 0;
        float sum = (odd ? b : a) + Warp.ShuffleXor(odd ? a : b, 8);
        return WarpReduce.Sum(sum, 4);
    }

    /// <summary>Gives every lane the four sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Broadcast(float sum)
    {
        Quad quad;
        quad.X = Warp.Shuffle(sum, 0);
        quad.Y = Warp.Shuffle(sum, 8);
        quad.Z = Warp.Shuffle(sum, 16);
        quad.W = Warp.Shuffle(sum, 24);
        return quad;
    }
}
