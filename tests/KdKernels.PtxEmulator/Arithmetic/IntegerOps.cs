using System.Numerics;
using System.Runtime.Intrinsics;
using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Arithmetic;

internal readonly struct Add<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => unchecked(a + b);

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a + b;
}

internal readonly struct Subtract<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => unchecked(a - b);

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a - b;
}

internal readonly struct MultiplyLow<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => unchecked(a * b);

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a * b;
}

internal readonly struct MultiplyAddLow<T> : IVectorTernary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b, T c) => unchecked((a * b) + c);

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b, Vector512<T> c) => (a * b) + c;
}

internal readonly struct Minimum<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a < b ? a : b;

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => Vector512.Min(a, b);
}

internal readonly struct Maximum<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a > b ? a : b;

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => Vector512.Max(a, b);
}

internal readonly struct And<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a & b;

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a & b;
}

internal readonly struct Or<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a | b;

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a | b;
}

internal readonly struct Xor<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a ^ b;

    public static Vector512<T> Apply(Vector512<T> a, Vector512<T> b) => a ^ b;
}

internal readonly struct Not<T> : IUnary<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => ~a;
}

internal readonly struct LogicalNot<T> : IUnary<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => a == T.Zero ? T.One : T.Zero;
}

internal readonly struct Negate<T> : IUnary<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => unchecked(-a);
}

internal readonly struct Absolute<T> : IUnary<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => unchecked(a < T.Zero ? -a : a);
}

internal readonly struct Copy<T> : IUnary<T, T>
    where T : unmanaged
{
    public static T Apply(T a) => a;
}

internal readonly struct AddSaturated : IBinary<int>
{
    public static int Apply(int a, int b) => (int)Math.Clamp((long)a + b, int.MinValue, int.MaxValue);
}

internal readonly struct SubtractSaturated : IBinary<int>
{
    public static int Apply(int a, int b) => (int)Math.Clamp((long)a - b, int.MinValue, int.MaxValue);
}

/// <summary>Division by zero gives all ones, as the devices do; MinValue / -1 gives MinValue.</summary>
internal readonly struct Divide<T> : IBinary<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    public static T Apply(T a, T b) =>
        b == T.Zero ? ~T.Zero : T.IsNegative(b) && b == ~T.Zero ? unchecked(-a) : a / b;
}

internal readonly struct Remainder<T> : IBinary<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    public static T Apply(T a, T b) =>
        b == T.Zero ? a : T.IsNegative(b) && b == ~T.Zero ? T.Zero : a % b;
}

internal readonly struct MultiplyHigh32 : IBinary<uint>
{
    public static uint Apply(uint a, uint b) => (uint)((ulong)a * b >> 32);
}

internal readonly struct MultiplyHighSigned32 : IBinary<int>
{
    public static int Apply(int a, int b) => (int)((long)a * b >> 32);
}

internal readonly struct MultiplyHigh64 : IBinary<ulong>
{
    public static ulong Apply(ulong a, ulong b) => Math.BigMul(a, b, out _);
}

internal readonly struct MultiplyHighSigned64 : IBinary<long>
{
    public static long Apply(long a, long b) => Math.BigMul(a, b, out _);
}

internal readonly struct MultiplyAddHigh32 : ITernary<uint>
{
    public static uint Apply(uint a, uint b, uint c) => unchecked(MultiplyHigh32.Apply(a, b) + c);
}

internal readonly struct MultiplyAddHighSigned32 : ITernary<int>
{
    public static int Apply(int a, int b, int c) => unchecked(MultiplyHighSigned32.Apply(a, b) + c);
}

internal readonly struct MultiplyAddHigh64 : ITernary<ulong>
{
    public static ulong Apply(ulong a, ulong b, ulong c) => unchecked(MultiplyHigh64.Apply(a, b) + c);
}

internal readonly struct MultiplyAddHighSigned64 : ITernary<long>
{
    public static long Apply(long a, long b, long c) => unchecked(MultiplyHighSigned64.Apply(a, b) + c);
}

internal readonly struct MultiplyWide<TIn, TOut> : IMixed<TIn, TIn, TOut>, IWideTernary<TIn, TOut>
    where TIn : unmanaged, IBinaryInteger<TIn>
    where TOut : unmanaged, IBinaryInteger<TOut>
{
    public static TOut Apply(TIn a, TIn b) => unchecked(TOut.CreateTruncating(a) * TOut.CreateTruncating(b));

    public static TOut Apply(TIn a, TIn b, TOut c) => unchecked(Apply(a, b) + c);
}
