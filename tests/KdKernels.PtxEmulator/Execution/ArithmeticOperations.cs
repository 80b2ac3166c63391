using System.Numerics;
using KdKernels.PtxEmulator.Arithmetic;

namespace KdKernels.PtxEmulator.Execution;

/// <summary>Two operations for one instruction.</summary>
internal sealed class Sequence(Operation first, Operation second) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        first.Execute(warp, mask);
        second.Execute(warp, mask);
    }
}

/// <summary>a - b by an operation that adds.</summary>
internal readonly struct Negated<TAdd> : IBinary<double>
    where TAdd : struct, IBinary<double>
{
    public static double Apply(double a, double b) => TAdd.Apply(a, -b);
}

internal sealed unsafe class ApproximateFunction(Function function, int d, int a, bool flush) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        float* from = (float*)(warp.Data + a);
        float* to = (float*)(warp.Data + d);
        ulong? disturbance = warp.Block.Disturbance;
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            to[i] = Approximate.Apply(function, from[i], flush, disturbance);
        }
    }
}

internal sealed unsafe class ApproximateDivision(int d, int a, int b, bool flush, bool full) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        float* left = (float*)(warp.Data + a);
        float* right = (float*)(warp.Data + b);
        float* to = (float*)(warp.Data + d);
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            to[i] = Approximate.Divide(left[i], right[i], flush, full, warp.Block.Disturbance);
        }
    }
}

/// <summary>lop3: the table gives the result bit for each of the eight combinations of three bits.</summary>
internal sealed unsafe class LookUp(int d, int a, int b, int c, int table) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        uint* data = (uint*)(warp.Data + d);
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            uint x = ((uint*)(warp.Data + a))[i];
            uint y = ((uint*)(warp.Data + b))[i];
            uint z = ((uint*)(warp.Data + c))[i];
            uint result = 0;
            for (int k = 0; k < 8; k++)
            {
                if ((table >> k & 1) != 0)
                    result |= ((k & 4) != 0 ? x : ~x) & ((k & 2) != 0 ? y : ~y) & ((k & 1) != 0 ? z : ~z);
            }

            data[i] = result;
        }
    }
}

/// <summary>bfe without b, bfi with it.</summary>
internal sealed unsafe class BitField(Register d, Register a, Register? b, int position, int length, bool signed)
    : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        int size = d.Stride;
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            ulong value = Values.Read(warp.Data + a.Offset + (i * size), size, signed: false);
            uint start = ((uint*)(warp.Data + position))[i];
            uint count = ((uint*)(warp.Data + length))[i];
            ulong result = b is { } target
                ? BitFields.Insert(value, Values.Read(warp.Data + target.Offset + (i * size), size, false), start,
                    count, 8 * size)
                : BitFields.Extract(value, start, count, 8 * size, signed);
            Values.Write(warp.Data + d.Offset, i, size, result);
        }
    }
}

/// <summary>cvt of any pair of types.</summary>
internal sealed unsafe class Convert(Register d, Register a, Conversion conversion) : Operation
{
    private readonly int size = Parsing.PtxTypes.Size(conversion.From);

    public override void Execute(Warp warp, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            ulong bits = Values.Read(warp.Data + a.Offset + (i * a.Stride), size, signed: false);
            Values.Write(warp.Data + d.Offset, i, d.Stride, Converter.Apply(conversion, bits));
        }
    }
}

/// <summary>cvt of two float32 to a pair of 16-bit floats; the first operand goes to the upper half.</summary>
internal sealed unsafe class ConvertPair(int d, int a, int b, Conversion conversion) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        uint* high = (uint*)(warp.Data + a);
        uint* low = (uint*)(warp.Data + b);
        uint* to = (uint*)(warp.Data + d);
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            to[i] = (uint)((Converter.Apply(conversion, high[i]) & 0xffff) << 16
                | (Converter.Apply(conversion, low[i]) & 0xffff));
        }
    }
}

/// <summary>mov between one register and several halves or quarters of it.</summary>
internal sealed unsafe class Pack(Register whole, Register?[] parts, int partSize, bool unpack) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            ulong bits = unpack ? Values.Read(warp.Data + whole.Offset + (i * whole.Stride), whole.Stride, false) : 0;
            for (int p = 0; p < parts.Length; p++)
            {
                if (parts[p] is not { } part)
                    continue;
                int shift = 8 * partSize * p;
                if (unpack)
                    Values.Write(warp.Data + part.Offset, i, part.Stride, Low(bits >> shift));
                else
                    bits |= Values.Read(warp.Data + part.Offset + (i * part.Stride), partSize, false) << shift;
            }

            if (!unpack)
                Values.Write(warp.Data + whole.Offset, i, whole.Stride, bits);
        }
    }

    private ulong Low(ulong bits) => partSize == 8 ? bits : bits & ((1UL << (8 * partSize)) - 1);
}
