using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Arithmetic;

internal enum Function
{
    Exp2,
    Log2,
    Reciprocal,
    SquareRoot,
    ReciprocalSquareRoot,
    Sine,
    Cosine,
    Tangent,
}

/// <summary>
/// The approximate functions: computed in double and rounded, or moved within the documented error by a hash of seed
/// and
/// argument, so that one argument always gives one result, as on a device.
/// </summary>
internal static class Approximate
{
    public static float Apply(Function function, float a, bool flush, ulong? disturbance)
    {
        a = Flush(a, flush);
        double exact = Exact(function, a);
        if (double.IsNaN(exact))
            return Single.NaN;
        float rounded = (float)exact;
        if (disturbance is { } seed && exact != 0 && float.IsFinite(rounded) && !IsExact(function, a))
            rounded = Disturb(function, exact, rounded, Hash(seed, function, a));
        return Flush(rounded, flush);
    }

    /// <summary>div.approx: a times the reciprocal of b, with at most 2 ulp.</summary>
    public static float Divide(float a, float b, bool flush, bool full, ulong? disturbance)
    {
        a = Flush(a, flush);
        b = Flush(b, flush);
        // The reciprocal underflows for these divisors; div.full scales them.
        if (!full && float.IsFinite(a) && float.IsFinite(b) && MathF.Abs(b) > 8.507059e37f)
            return MathF.CopySign(0, MathF.CopySign(1, a) * MathF.CopySign(1, b));
        if (!full && float.IsInfinity(a) && float.IsFinite(b) && MathF.Abs(b) > 8.507059e37f)
            return Single.NaN;
        double exact = (double)a / b;
        if (double.IsNaN(exact))
            return Single.NaN;
        float rounded = (float)exact;
        if (disturbance is { } seed && exact != 0 && float.IsFinite(rounded) && (double)rounded * b != a)
            rounded = Move(rounded, (int)(Hash(seed ^ BitConverter.SingleToUInt32Bits(b), 0, a) % 3) - 1);
        return Flush(rounded, flush);
    }

    private static double Exact(Function function, double a) => function switch
    {
        Function.Exp2 => Math.Pow(2, a),
        Function.Log2 => Math.Log2(a),
        Function.Reciprocal => 1 / a,
        Function.SquareRoot => Math.Sqrt(a),
        Function.ReciprocalSquareRoot => 1 / Math.Sqrt(a),
        Function.Sine => Math.Sin(a),
        Function.Cosine => Math.Cos(a),
        Function.Tangent => Math.Tanh(a),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    // Where the hardware is known to be exact: powers of two, and the logarithm of 1.
    private static bool IsExact(Function function, float a) => function switch
    {
        Function.Exp2 => a == MathF.Floor(a),
        _ => (BitConverter.SingleToUInt32Bits(a) & 0x7fffff) == 0 || a == 0,
    };

    private static float Disturb(Function function, double exact, float rounded, ulong hash)
    {
        // In [-1, 1).
        double unit = ((long)(hash >> 11) / (double)(1L << 52)) - 1;
        return function switch
        {
            // Documented: 2^-22 absolute within (0.5, 2), else 2^-22.6 relative.
            Function.Log2 => (float)(exact + (unit * 0.99 / (1 << 22))),
            Function.Sine or Function.Cosine => (float)(exact + (unit * 0.99 / (1 << 21))),
            Function.Tangent => (float)(exact * (1 + (unit / (1 << 11)))),
            Function.Reciprocal or Function.SquareRoot => Move(rounded, (int)Math.Round(unit)),
            _ => Move(rounded, (int)Math.Round(2 * unit)),
        };
    }

    private static float Move(float a, int steps)
    {
        for (; steps > 0; steps--)
            a = MathF.BitIncrement(a);
        for (; steps < 0; steps++)
            a = MathF.BitDecrement(a);
        return a;
    }

    private static ulong Hash(ulong seed, Function function, float a)
    {
        ulong x = seed ^ ((ulong)function << 40) ^ BitConverter.SingleToUInt32Bits(a);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    private static float Flush(float a, bool flush) =>
        flush ? Single.Flush<FlushSubnormals>(a) : a;
}
