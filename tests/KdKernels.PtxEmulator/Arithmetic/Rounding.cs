namespace KdKernels.PtxEmulator.Arithmetic;

internal enum Rounding
{
    Nearest,
    Zero,
    Down,
    Up,
}

/// <summary>Directed rounding, by correcting the nearest value where it lies on the wrong side.</summary>
internal static class Round
{
    /// <summary>The sum of two doubles without error is hi + lo.</summary>
    public static (double Hi, double Lo) TwoSum(double a, double b)
    {
        double hi = a + b;
        double part = hi - a;
        return (hi, (a - (hi - part)) + (b - part));
    }

    public static float ToSingle(double value, Rounding rounding) => ToSingle(value, 0, rounding);

    /// <summary>Rounds hi + lo, where |lo| is at most half an ulp of hi.</summary>
    public static float ToSingle(double hi, double lo, Rounding rounding)
    {
        float nearest = (float)hi;
        if (!double.IsFinite(hi))
            return nearest;
        double residual = float.IsInfinity(nearest) ? -nearest : (hi - nearest) + lo;
        if (rounding == Rounding.Nearest)
            return NearestWithTail(nearest, hi, lo);
        if (residual == 0)
            return nearest;
        bool below = residual < 0;
        return MustMove(below, hi, rounding)
            ? below ? MathF.BitDecrement(nearest) : MathF.BitIncrement(nearest)
            : nearest;
    }

    /// <summary>Rounds hi + lo; an infinity that finite operands gave is an overflow and rounds too.</summary>
    public static double ToDouble(double hi, double lo, Rounding rounding, bool finiteOperands = false)
    {
        if (double.IsInfinity(hi) && finiteOperands && rounding != Rounding.Nearest)
        {
            bool toFinite = rounding == Rounding.Zero || rounding == Rounding.Down == hi > 0;
            return toFinite ? Math.CopySign(double.MaxValue, hi) : hi;
        }

        if (!double.IsFinite(hi) || lo == 0 || rounding == Rounding.Nearest)
            return hi;
        bool below = lo < 0;
        bool move = rounding switch
        {
            Rounding.Zero => hi > 0 == below,
            Rounding.Down => below,
            _ => !below,
        };
        return !move ? hi : below ? Math.BitDecrement(hi) : Math.BitIncrement(hi);
    }

    public static Half ToHalf(double value, Rounding rounding)
    {
        var nearest = (Half)value;
        if (!double.IsFinite(value) || rounding == Rounding.Nearest || (double)nearest == value)
            return nearest;
        bool below = value < (double)nearest;
        return MustMove(below, value, rounding)
            ? below ? Half.BitDecrement(nearest) : Half.BitIncrement(nearest)
            : nearest;
    }

    /// <summary>bfloat16 bits of a float32.</summary>
    public static ushort ToBfloat16(float value, Rounding rounding)
    {
        if (float.IsNaN(value))
            return 0x7fff;
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (rounding == Rounding.Nearest)
            bits += 0x7fff + (bits >> 16 & 1);
        return (ushort)(bits >> 16);
    }

    public static float FromBfloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static bool MustMove(bool below, double value, Rounding rounding) => rounding switch
    {
        Rounding.Zero => value > 0 == below,
        Rounding.Down => below,
        _ => !below,
    };

    // hi may lie exactly between two floats while lo decides.
    private static float NearestWithTail(float nearest, double hi, double lo)
    {
        if (lo == 0 || float.IsInfinity(nearest))
            return nearest;
        double difference = hi - nearest;
        float other = difference > 0 ? MathF.BitIncrement(nearest) : MathF.BitDecrement(nearest);
        bool tie = difference != 0 && hi - nearest == (double)other - hi;
        return tie && lo > 0 == difference > 0 ? other : nearest;
    }
}
