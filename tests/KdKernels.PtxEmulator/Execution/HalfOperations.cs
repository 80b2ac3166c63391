using System.Numerics;
using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Execution;

internal enum HalfFunction
{
    Add,
    Subtract,
    Multiply,
    Minimum,
    Maximum,
    Absolute,
    Negate,
}

/// <summary>Arithmetic on one or two 16-bit floats in a register.</summary>
internal static class HalfMath
{
    /// <summary>Applies to the lower half, and for packed types to the upper one too.</summary>
    public static uint Each(PtxType type, uint a, uint b, uint c, Func<double, double, double, double> function,
        bool flush, bool saturate)
    {
        PtxType part = type is PtxType.F16 or PtxType.F16x2 ? PtxType.F16 : PtxType.BF16;
        uint low = One(part, a, b, c, function, flush, saturate);
        return type is PtxType.F16 or PtxType.BF16
            ? low
            : low | One(part, a >> 16, b >> 16, c >> 16, function, flush, saturate) << 16;
    }

    public static double Extremum(bool min, bool keepNaN, double a, double b)
    {
        if (double.IsNaN(a) || double.IsNaN(b))
            return keepNaN || (double.IsNaN(a) && double.IsNaN(b)) ? double.NaN : double.IsNaN(a) ? b : a;
        return min ? Math.Min(a, b) : Math.Max(a, b);
    }

    private static uint One(PtxType type, uint a, uint b, uint c, Func<double, double, double, double> function,
        bool flush, bool saturate)
    {
        double result = function(Read(type, a, flush), Read(type, b, flush), Read(type, c, flush));
        if (saturate)
            result = result > 0 ? Math.Min(result, 1) : 0;
        if (type == PtxType.BF16)
        {
            // Odd rounding to float32 first: then the second rounding sees on which side of a tie the double lies.
            float rounded = Round.ToSingle(result, Rounding.Zero);
            if (rounded != result && float.IsFinite(rounded))
                rounded = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(rounded) | 1);
            return Round.ToBfloat16(rounded, Rounding.Nearest);
        }

        var half = (Half)result;
        if (flush && Half.IsSubnormal(half))
            half = Half.CopySign(Half.Zero, half);
        return Half.IsNaN(half) ? 0x7fffu : BitConverter.HalfToUInt16Bits(half);
    }

    private static double Read(PtxType type, uint bits, bool flush)
    {
        if (flush && (bits & 0x7c00) == 0)
            bits &= 0x8000;
        return Converter.ReadFloat(type, bits & 0xffff);
    }
}

internal sealed unsafe class HalfUnary(HalfFunction function, PtxType type, bool flush, int d, int a) : Operation
{
    private readonly Func<double, double, double, double> apply = function == HalfFunction.Absolute
        ? (x, _, _) => Math.Abs(x)
        : (x, _, _) => -x;

    public override void Execute(Warp warp, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            ((uint*)(warp.Data + d))[i] =
                HalfMath.Each(type, ((uint*)(warp.Data + a))[i], 0, 0, apply, flush, saturate: false);
        }
    }
}

internal sealed unsafe class HalfBinary(
    HalfFunction function, PtxType type, bool keepNaN, bool flush, bool saturate, int d, int a, int b) : Operation
{
    private readonly Func<double, double, double, double> apply = function switch
    {
        HalfFunction.Add => (x, y, _) => x + y,
        HalfFunction.Subtract => (x, y, _) => x - y,
        HalfFunction.Multiply => (x, y, _) => x * y,
        HalfFunction.Minimum => (x, y, _) => HalfMath.Extremum(true, keepNaN, x, y),
        _ => (x, y, _) => HalfMath.Extremum(false, keepNaN, x, y),
    };

    public override void Execute(Warp warp, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            ((uint*)(warp.Data + d))[i] = HalfMath.Each(type, ((uint*)(warp.Data + a))[i],
                ((uint*)(warp.Data + b))[i], 0, apply, flush, saturate);
        }
    }
}

internal sealed unsafe class HalfTernary(
    PtxType type, bool flush, bool saturate, bool relu, int d, int a, int b, int c) : Operation
{
    // The product of two 16-bit floats is exact in double; the sum is rounded to odd by its error, so that rounding it
    // once more is right.
    private readonly Func<double, double, double, double> apply = (x, y, z) =>
    {
        (double hi, double lo) = Round.TwoSum(x * y, z);
        double sum = lo == 0 || !double.IsFinite(hi) ? hi : ToOdd(hi, lo);
        return relu && !double.IsNaN(sum) ? Math.Max(sum, 0) : sum;
    };

    public override void Execute(Warp warp, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            ((uint*)(warp.Data + d))[i] = HalfMath.Each(type, ((uint*)(warp.Data + a))[i],
                ((uint*)(warp.Data + b))[i], ((uint*)(warp.Data + c))[i], apply, flush, saturate);
        }
    }

    private static double ToOdd(double hi, double lo)
    {
        double truncated = Round.ToDouble(hi, lo, Rounding.Zero);
        return BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(truncated) | 1);
    }
}
