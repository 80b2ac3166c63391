using System.Numerics;
using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Arithmetic;

/// <summary>Shift counts beyond the width are clamped, not taken modulo.</summary>
internal readonly struct ShiftLeft<T> : IMixed<T, uint, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static unsafe T Apply(T a, uint b) => b >= 8 * sizeof(T) ? T.Zero : a << (int)b;
}

internal readonly struct ShiftRight<T> : IMixed<T, uint, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static unsafe T Apply(T a, uint b) =>
        b < 8 * sizeof(T) ? a >> (int)b : T.IsNegative(a) ? ~T.Zero : T.Zero;
}

internal readonly struct FunnelLeftClamp : ITernary<uint>
{
    public static uint Apply(uint a, uint b, uint c) =>
        (uint)((((ulong)b << 32 | a) << (int)Math.Min(c, 32)) >> 32);
}

internal readonly struct FunnelLeftWrap : ITernary<uint>
{
    public static uint Apply(uint a, uint b, uint c) => (uint)((((ulong)b << 32 | a) << (int)(c & 31)) >> 32);
}

internal readonly struct FunnelRightClamp : ITernary<uint>
{
    public static uint Apply(uint a, uint b, uint c) => (uint)(((ulong)b << 32 | a) >> (int)Math.Min(c, 32));
}

internal readonly struct FunnelRightWrap : ITernary<uint>
{
    public static uint Apply(uint a, uint b, uint c) => (uint)(((ulong)b << 32 | a) >> (int)(c & 31));
}

/// <summary>Four bytes chosen from eight; bit 3 of a selector repeats the byte's sign.</summary>
internal readonly struct Permute : ITernary<uint>
{
    public static uint Apply(uint a, uint b, uint c)
    {
        ulong bytes = (ulong)b << 32 | a;
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            uint selector = c >> (4 * i) & 15;
            uint value = (uint)(bytes >> (int)(8 * (selector & 7))) & 0xff;
            if ((selector & 8) != 0)
                value = (value & 0x80) != 0 ? 0xffu : 0;
            result |= value << (8 * i);
        }

        return result;
    }
}

internal readonly struct PopulationCount<T> : IUnary<T, uint>
    where T : unmanaged, IBinaryInteger<T>
{
    public static uint Apply(T a) => uint.CreateTruncating(T.PopCount(a));
}

internal readonly struct LeadingZeros<T> : IUnary<T, uint>
    where T : unmanaged, IBinaryInteger<T>
{
    public static uint Apply(T a) => uint.CreateTruncating(T.LeadingZeroCount(a));
}

internal readonly struct ReverseBits32 : IUnary<uint, uint>
{
    public static uint Apply(uint a) => (uint)(ReverseBits64.Apply(a) >> 32);
}

internal readonly struct ReverseBits64 : IUnary<ulong, ulong>
{
    public static ulong Apply(ulong a)
    {
        ulong result = 0;
        for (int i = 0; i < 64; i++)
            result |= (a >> i & 1) << (63 - i);
        return result;
    }
}

/// <summary>bfind: the position of the highest bit that differs from the sign, all ones if there is none.</summary>
internal readonly struct FindBit<T> : IUnary<T, uint>
    where T : unmanaged, IBinaryInteger<T>
{
    public static unsafe uint Apply(T a)
    {
        T magnitude = T.IsNegative(a) ? ~a : a;
        return magnitude == T.Zero
            ? uint.MaxValue
            : (uint)(8 * sizeof(T)) - 1 - uint.CreateTruncating(T.LeadingZeroCount(magnitude));
    }
}

internal static class BitFields
{
    public static ulong Extract(ulong a, uint position, uint length, int bits, bool signed)
    {
        position &= 0xff;
        length &= 0xff;
        ulong top = (ulong)(bits - 1);
        ulong sign = signed && length != 0 ? a >> (int)Math.Min(position + length - 1, top) & 1 : 0;
        ulong result = 0;
        for (int i = 0; i < bits; i++)
        {
            ulong bit = i < length && position + (uint)i < (uint)bits ? a >> (int)(position + (uint)i) & 1 : sign;
            result |= bit << i;
        }

        return result;
    }

    public static ulong Insert(ulong a, ulong b, uint position, uint length, int bits)
    {
        position &= 0xff;
        length &= 0xff;
        for (uint i = 0; i < length && position + i < bits; i++)
        {
            ulong bit = 1UL << (int)(position + i);
            b = (b & ~bit) | ((a >> (int)i & 1) != 0 ? bit : 0);
        }

        return b;
    }
}
