using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device;

/// <summary>bfloat16: the upper half of a binary32.</summary>
public struct BFloat16 : IElement<ushort>
{
    private uint mask;
    private int shift;

    public readonly int PerVector => 8;

    public readonly int SizeShift => 1;

    public readonly bool Exact => false;

    public readonly float SmallDivergence => 0.06f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void BeginPhase(int zero, int phase)
    {
        shift = 16 ^ (zero * phase);
        mask = 0xffff0000u ^ (uint)(zero * phase);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Load(ref ushort address) => Interop.IntAsFloat((uint)Ptx.LoadReadOnly(ref address) << shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ref ushort address, float value)
    {
        // By integers, since the conversion needs sm_80 and a kernel that stores one element at a time should not.
        uint bits = Interop.FloatAsInt(value);
        uint rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
        address = (ushort)((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : rounded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly U4 LoadVector(ref ushort address) => Ptx.LoadOnce(ref address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreVector(ref ushort address, U4 value) => Ptx.StoreStreaming(ref address, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long AddressOf(ref ushort address) => Ptx.AddressOf(ref address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Each<TVisitor>(U4 first, U4 second, ref TVisitor visitor)
        where TVisitor : struct, IPairVisitor
    {
        EachOfWord(first.X, second.X, ref visitor, 0);
        EachOfWord(first.Y, second.Y, ref visitor, 2);
        EachOfWord(first.Z, second.Z, ref visitor, 4);
        EachOfWord(first.W, second.W, ref visitor, 6);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly U4 Map<TMap>(U4 first, U4 second, ref TMap map)
        where TMap : struct, IPairMap
    {
        U4 result;
        result.X = MapWord(first.X, second.X, ref map, 0);
        result.Y = MapWord(first.Y, second.Y, ref map, 2);
        result.Z = MapWord(first.Z, second.Z, ref map, 4);
        result.W = MapWord(first.W, second.W, ref map, 6);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void EachOfWord<TVisitor>(uint first, uint second, ref TVisitor visitor, int index)
        where TVisitor : struct, IPairVisitor
    {
        visitor.Visit(Low(first), Low(second), index);
        visitor.Visit(High(first), High(second), index + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly uint MapWord<TMap>(uint first, uint second, ref TMap map, int index)
        where TMap : struct, IPairMap
    {
        float low = map.Map(Low(first), Low(second), index);
        float high = map.Map(High(first), High(second), index + 1);
        return Ptx.PackBFloat(high, low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Low(uint word) => Interop.IntAsFloat(word << shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float High(uint word) => Interop.IntAsFloat(word & mask);
}
