using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Arithmetic;

/// <summary>What a cvt does besides changing the type.</summary>
internal readonly record struct Conversion(
    PtxType From, PtxType To, Rounding Rounding, bool ToIntegral, bool Flush, bool Saturate, bool Relu);

/// <summary>cvt on the bits of one value; the result's bits are extended to 64 by the sign of its type.</summary>
internal static class Converter
{
    private const double TwoTo64 = 18446744073709551616.0;

    public static ulong Apply(in Conversion c, ulong bits)
    {
        if (c is { From: PtxType.F32, To: PtxType.BF16, Relu: false })
            return Round.ToBfloat16(BitConverter.UInt32BitsToSingle((uint)bits), c.Rounding);
        if (!c.From.IsFloat())
        {
            Int128 integer = ReadInteger(c.From, bits);
            return c.To.IsFloat() ? FromInteger(c, integer) : ToInteger(c, integer);
        }

        double value = ReadFloat(c.From, bits);
        if (c.Flush && c.From == PtxType.F32)
            value = Single.Flush<FlushSubnormals>((float)value);
        return c.To.IsFloat() ? ToFloat(c, value, bits) : FloatToInteger(c, value);
    }

    public static double ReadFloat(PtxType type, ulong bits) => type switch
    {
        PtxType.F16 => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
        PtxType.BF16 => Round.FromBfloat16((ushort)bits),
        PtxType.F32 => BitConverter.UInt32BitsToSingle((uint)bits),
        _ => BitConverter.UInt64BitsToDouble(bits),
    };

    private static Int128 ReadInteger(PtxType type, ulong bits) => type switch
    {
        PtxType.S8 => (sbyte)bits,
        PtxType.S16 => (short)bits,
        PtxType.S32 => (int)bits,
        PtxType.S64 => (long)bits,
        PtxType.U8 => (byte)bits,
        PtxType.U16 => (ushort)bits,
        PtxType.U32 => (uint)bits,
        _ => bits,
    };

    private static (Int128 Min, Int128 Max) Range(PtxType type)
    {
        int bits = 8 * type.Size();
        return type.IsSigned()
            ? (-(Int128.One << (bits - 1)), (Int128.One << (bits - 1)) - 1)
            : (0, (Int128.One << bits) - 1);
    }

    private static ulong ToInteger(in Conversion c, Int128 value)
    {
        if (c.Saturate)
        {
            (Int128 min, Int128 max) = Range(c.To);
            value = Int128.Clamp(value, min, max);
        }

        return unchecked((ulong)ReadInteger(c.To, unchecked((ulong)value)));
    }

    private static ulong FloatToInteger(in Conversion c, double value)
    {
        if (double.IsNaN(value))
        {
            bool wide = c.From == PtxType.F64 || c.To.Size() == 8;
            return wide ? 1UL << ((8 * c.To.Size()) - 1) : 0;
        }

        (Int128 min, Int128 max) = Range(c.To);
        double whole = RoundToIntegral(value, c.Rounding);
        // Out of range clamps, also without .sat; the cast of a double to Int128 must not see more than it holds.
        Int128 integer = whole >= TwoTo64 ? max : whole <= -TwoTo64 ? min : Int128.Clamp((Int128)whole, min, max);
        return unchecked((ulong)integer);
    }

    private static double RoundToIntegral(double value, Rounding rounding) => rounding switch
    {
        Rounding.Zero => Math.Truncate(value),
        Rounding.Down => Math.Floor(value),
        Rounding.Up => Math.Ceiling(value),
        _ => Math.Round(value, MidpointRounding.ToEven),
    };

    private static ulong FromInteger(in Conversion c, Int128 value)
    {
        // The double nearest to a 64-bit integer and what it misses; both together are exact.
        double hi = (double)value;
        double lo = (double)(value - (Int128)hi);
        return c.To switch
        {
            PtxType.F64 => BitConverter.DoubleToUInt64Bits(Round.ToDouble(hi, lo, c.Rounding)),
            PtxType.F32 => BitConverter.SingleToUInt32Bits(Clamp(c, Round.ToSingle(hi, lo, c.Rounding))),
            _ => BitConverter.HalfToUInt16Bits(HalfFromInteger(value, c.Rounding)),
        };
    }

    private static Half HalfFromInteger(Int128 value, Rounding rounding)
    {
        // Beyond 2^20 every integer is beyond the largest float16; the clamp keeps the side.
        Int128 limit = 1 << 20;
        return Round.ToHalf((double)Int128.Clamp(value, -limit, limit), rounding);
    }

    private static ulong ToFloat(in Conversion c, double value, ulong bits)
    {
        if (c.ToIntegral)
        {
            double sign = value;
            value = Math.CopySign(RoundToIntegral(value, c.Rounding), sign);
        }

        if (c.Relu)
            value = value > 0 || double.IsNaN(value) ? value : 0;
        switch (c.To)
        {
            case PtxType.F64:
                if (c.Saturate)
                    value = value > 0 ? Math.Min(value, 1) : 0;
                return BitConverter.DoubleToUInt64Bits(value);
            case PtxType.F32:
                {
                    float single = c.From == PtxType.F32 ? (float)value : Round.ToSingle(value, c.Rounding);
                    if (c.Flush)
                        single = Single.Flush<FlushSubnormals>(single);
                    return BitConverter.SingleToUInt32Bits(Clamp(c, single));
                }

            case PtxType.BF16:
                return Round.ToBfloat16((float)value, c.Rounding);
            case PtxType.TF32:
                return RoundToTf32((uint)bits);
            default:
                {
                    Half half = Round.ToHalf(value, c.Rounding);
                    if (c.Saturate)
                        half = half > Half.Zero ? Half.Min(half, Half.One) : Half.Zero;
                    return Half.IsNaN(half) ? 0x7fffu : BitConverter.HalfToUInt16Bits(half);
                }
        }
    }

    // .rna: nearest, ties away from zero.
    private static uint RoundToTf32(uint bits) =>
        (bits & 0x7f800000) == 0x7f800000
            ? (bits & 0x7fffff) != 0 ? Single.NaNBits : bits
            : (bits + 0x1000) & 0xffffe000;

    private static float Clamp(in Conversion c, float value)
    {
        if (c.Saturate)
            return SaturateSingle.Apply(value);
        return Single.Canonical(value);
    }
}
