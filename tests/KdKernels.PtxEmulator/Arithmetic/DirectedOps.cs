using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Arithmetic;

internal interface IRounding
{
    static abstract Rounding Mode { get; }
}

internal readonly struct TowardZero : IRounding
{
    public static Rounding Mode => Rounding.Zero;
}

internal readonly struct Downward : IRounding
{
    public static Rounding Mode => Rounding.Down;
}

internal readonly struct Upward : IRounding
{
    public static Rounding Mode => Rounding.Up;
}

/// <summary>float32 with .rz, .rm or .rp. A sum of zeros of different sign is -0 only when rounding down.</summary>
internal readonly struct DirectedAdd<TRounding, TFlush> : IBinary<float>
    where TRounding : struct, IRounding
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b) =>
        DirectedFused<TRounding, TFlush>.Apply(Single.Flush<TFlush>(a), 1, b);
}

internal readonly struct DirectedSubtract<TRounding, TFlush> : IBinary<float>
    where TRounding : struct, IRounding
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b) => DirectedAdd<TRounding, TFlush>.Apply(a, -b);
}

internal readonly struct DirectedMultiply<TRounding, TFlush> : IBinary<float>
    where TRounding : struct, IRounding
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b)
    {
        double product = (double)Single.Flush<TFlush>(a) * Single.Flush<TFlush>(b);
        return Single.Canonical(Single.Flush<TFlush>(Round.ToSingle(product, TRounding.Mode)));
    }
}

internal readonly struct DirectedFused<TRounding, TFlush> : ITernary<float>
    where TRounding : struct, IRounding
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b, float c)
    {
        double product = (double)Single.Flush<TFlush>(a) * Single.Flush<TFlush>(b);
        double addend = Single.Flush<TFlush>(c);
        (double hi, double lo) = Round.TwoSum(product, addend);
        if (hi == 0 && lo == 0 && TRounding.Mode == Rounding.Down
            && (double.IsNegative(product) || double.IsNegative(addend)))
        {
            return -0f;
        }

        return Single.Canonical(Single.Flush<TFlush>(Round.ToSingle(hi, lo, TRounding.Mode)));
    }
}

internal readonly struct DirectedDivide<TRounding, TFlush> : IBinary<float>
    where TRounding : struct, IRounding
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b)
    {
        (a, b) = (Single.Flush<TFlush>(a), Single.Flush<TFlush>(b));
        // The quotient in double has twice a float's digits; what is left of it tells the side.
        double quotient = (double)a / b;
        bool exact = !double.IsFinite(quotient) || b == 0 || float.IsInfinity(b);
        double rest = exact ? 0 : Math.FusedMultiplyAdd(-quotient, b, a) / b;
        return Single.Canonical(Single.Flush<TFlush>(Round.ToSingle(quotient, rest, TRounding.Mode)));
    }
}

internal readonly struct DirectedAddDouble<TRounding> : IBinary<double>
    where TRounding : struct, IRounding
{
    public static double Apply(double a, double b)
    {
        (double hi, double lo) = Round.TwoSum(a, b);
        if (hi == 0 && lo == 0 && TRounding.Mode == Rounding.Down && (double.IsNegative(a) || double.IsNegative(b)))
            return -0.0;
        return Round.ToDouble(hi, lo, TRounding.Mode, double.IsFinite(a) && double.IsFinite(b));
    }
}

internal readonly struct DirectedMultiplyDouble<TRounding> : IBinary<double>
    where TRounding : struct, IRounding
{
    public static double Apply(double a, double b)
    {
        double product = a * b;
        double rest = Math.FusedMultiplyAdd(a, b, -product);
        return Round.ToDouble(product, rest, TRounding.Mode, double.IsFinite(a) && double.IsFinite(b));
    }
}
