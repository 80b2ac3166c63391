using System.Runtime.Intrinsics;
using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Arithmetic;

internal readonly struct AddSingle<TFlush> : IVectorBinary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b) =>
        Single.Canonical(Single.Flush<TFlush>(Single.Flush<TFlush>(a) + Single.Flush<TFlush>(b)));

    public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b) =>
        Single.Canonical(Single.Flush<TFlush>(Single.Flush<TFlush>(a) + Single.Flush<TFlush>(b)));
}

internal readonly struct SubtractSingle<TFlush> : IVectorBinary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b) =>
        Single.Canonical(Single.Flush<TFlush>(Single.Flush<TFlush>(a) - Single.Flush<TFlush>(b)));

    public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b) =>
        Single.Canonical(Single.Flush<TFlush>(Single.Flush<TFlush>(a) - Single.Flush<TFlush>(b)));
}

internal readonly struct MultiplySingle<TFlush> : IVectorBinary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b) =>
        Single.Canonical(Single.Flush<TFlush>(Single.Flush<TFlush>(a) * Single.Flush<TFlush>(b)));

    public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b) =>
        Single.Canonical(Single.Flush<TFlush>(Single.Flush<TFlush>(a) * Single.Flush<TFlush>(b)));
}

internal readonly struct FusedSingle<TFlush> : IVectorTernary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b, float c) =>
        Single.Canonical(Single.Flush<TFlush>(MathF.FusedMultiplyAdd(
            Single.Flush<TFlush>(a), Single.Flush<TFlush>(b), Single.Flush<TFlush>(c))));

    public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Single.Canonical(Single.Flush<TFlush>(Vector512.FusedMultiplyAdd(
            Single.Flush<TFlush>(a), Single.Flush<TFlush>(b), Single.Flush<TFlush>(c))));
}

/// <summary>Clamped to [0, 1]; a NaN becomes 0.</summary>
internal readonly struct SaturateSingle : IUnary<float, float>
{
    public static float Apply(float a) => a > 0 ? MathF.Min(a, 1) : 0;
}

/// <summary>The smaller, where -0 is smaller than +0; a NaN loses against a number.</summary>
internal readonly struct MinimumSingle<TFlush> : IVectorBinary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b)
    {
        (a, b) = (Single.Flush<TFlush>(a), Single.Flush<TFlush>(b));
        return float.IsNaN(a) ? Single.Canonical(b) : float.IsNaN(b) ? a : MathF.Min(a, b);
    }

    public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b)
    {
        (a, b) = (Single.Flush<TFlush>(a), Single.Flush<TFlush>(b));
        return Single.Canonical(Vector512.MinNumber(a, b));
    }
}

internal readonly struct MaximumSingle<TFlush> : IVectorBinary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b)
    {
        (a, b) = (Single.Flush<TFlush>(a), Single.Flush<TFlush>(b));
        return float.IsNaN(a) ? Single.Canonical(b) : float.IsNaN(b) ? a : MathF.Max(a, b);
    }

    public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b)
    {
        (a, b) = (Single.Flush<TFlush>(a), Single.Flush<TFlush>(b));
        return Single.Canonical(Vector512.MaxNumber(a, b));
    }
}

/// <summary>min.NaN: a NaN wins.</summary>
internal readonly struct MinimumNaNSingle<TFlush> : IBinary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b) =>
        Single.Canonical(MathF.Min(Single.Flush<TFlush>(a), Single.Flush<TFlush>(b)));
}

internal readonly struct MaximumNaNSingle<TFlush> : IBinary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b) =>
        Single.Canonical(MathF.Max(Single.Flush<TFlush>(a), Single.Flush<TFlush>(b)));
}

internal readonly struct NegateSingle<TFlush> : IUnary<float, float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a) => Single.Canonical(-Single.Flush<TFlush>(a));
}

internal readonly struct AbsoluteSingle<TFlush> : IUnary<float, float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a) => Single.Canonical(MathF.Abs(Single.Flush<TFlush>(a)));
}

internal readonly struct DivideSingle<TFlush> : IBinary<float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a, float b) =>
        Single.Canonical(Single.Flush<TFlush>(Single.Flush<TFlush>(a) / Single.Flush<TFlush>(b)));
}

internal readonly struct SquareRootSingle<TFlush> : IUnary<float, float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a) => Single.Canonical(MathF.Sqrt(Single.Flush<TFlush>(a)));
}

internal readonly struct ReciprocalSingle<TFlush> : IUnary<float, float>
    where TFlush : struct, IFlush
{
    public static float Apply(float a) =>
        Single.Canonical(Single.Flush<TFlush>(1 / Single.Flush<TFlush>(a)));
}

internal readonly struct CopySignSingle : IBinary<float>
{
    /// <summary>copysign d, a, b: the sign of a, the magnitude of b.</summary>
    public static float Apply(float a, float b) => MathF.CopySign(b, a);
}

internal readonly struct DivideDouble : IBinary<double>
{
    public static double Apply(double a, double b) => a / b;
}

internal readonly struct FusedDouble : ITernary<double>
{
    public static double Apply(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);
}

internal readonly struct MinimumDouble : IBinary<double>
{
    public static double Apply(double a, double b) =>
        double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Min(a, b);
}

internal readonly struct MaximumDouble : IBinary<double>
{
    public static double Apply(double a, double b) =>
        double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Max(a, b);
}

internal readonly struct NegateDouble : IUnary<double, double>
{
    public static double Apply(double a) => -a;
}

internal readonly struct AbsoluteDouble : IUnary<double, double>
{
    public static double Apply(double a) => Math.Abs(a);
}

internal readonly struct SquareRootDouble : IUnary<double, double>
{
    public static double Apply(double a) => Math.Sqrt(a);
}

internal readonly struct ReciprocalDouble : IUnary<double, double>
{
    public static double Apply(double a) => 1 / a;
}

internal readonly struct CopySignDouble : IBinary<double>
{
    public static double Apply(double a, double b) => Math.CopySign(b, a);
}
