using System.Numerics;
using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Arithmetic;

// The ordered comparisons of floats are false for a NaN, as C#'s operators are; only != is not.
internal readonly struct Equal<T> : ICompare<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a == b;
}

internal readonly struct NotEqual<T> : ICompare<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a != b && !T.IsNaN(a) && !T.IsNaN(b);
}

internal readonly struct Less<T> : ICompare<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a < b;
}

internal readonly struct LessOrEqual<T> : ICompare<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a <= b;
}

internal readonly struct Greater<T> : ICompare<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a > b;
}

internal readonly struct GreaterOrEqual<T> : ICompare<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => a >= b;
}

/// <summary>The comparison or a NaN: equ, neu, ltu, leu, gtu, geu.</summary>
internal readonly struct OrUnordered<T, TCompare> : ICompare<T>
    where T : unmanaged, INumber<T>
    where TCompare : struct, ICompare<T>
{
    public static bool Apply(T a, T b) => TCompare.Apply(a, b) || T.IsNaN(a) || T.IsNaN(b);
}

internal readonly struct Ordered<T> : ICompare<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => !T.IsNaN(a) && !T.IsNaN(b);
}

internal readonly struct Unordered<T> : ICompare<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a, T b) => T.IsNaN(a) || T.IsNaN(b);
}

/// <summary>A float comparison that takes subnormals for zeros.</summary>
internal readonly struct Flushed<TCompare> : ICompare<float>
    where TCompare : struct, ICompare<float>
{
    public static bool Apply(float a, float b) =>
        TCompare.Apply(Single.Flush<FlushSubnormals>(a), Single.Flush<FlushSubnormals>(b));
}

internal readonly struct IsFinite<T> : ITest<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a) => T.IsFinite(a);
}

internal readonly struct IsInfinite<T> : ITest<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a) => T.IsInfinity(a);
}

internal readonly struct IsNumber<T> : ITest<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a) => !T.IsNaN(a);
}

internal readonly struct IsNotANumber<T> : ITest<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a) => T.IsNaN(a);
}

internal readonly struct IsNormal<T> : ITest<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a) => T.IsNormal(a);
}

internal readonly struct IsSubnormal<T> : ITest<T>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T a) => T.IsSubnormal(a) || T.IsZero(a);
}
