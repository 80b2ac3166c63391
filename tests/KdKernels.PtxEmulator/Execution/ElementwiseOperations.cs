using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KdKernels.PtxEmulator.Execution;

internal interface IUnary<TIn, TOut>
{
    static abstract TOut Apply(TIn a);
}

internal interface IBinary<T>
{
    static abstract T Apply(T a, T b);
}

internal interface IVectorBinary<T> : IBinary<T>
{
    static abstract Vector512<T> Apply(Vector512<T> a, Vector512<T> b);
}

internal interface ITernary<T>
{
    static abstract T Apply(T a, T b, T c);
}

internal interface IVectorTernary<T> : ITernary<T>
{
    static abstract Vector512<T> Apply(Vector512<T> a, Vector512<T> b, Vector512<T> c);
}

internal sealed unsafe class Unary<TIn, TOut, TOp>(int d, int a) : Operation
    where TIn : unmanaged
    where TOut : unmanaged
    where TOp : struct, IUnary<TIn, TOut>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        byte* to = warp.Data + d;
        byte* from = warp.Data + a;
        if (mask == uint.MaxValue)
        {
            for (int i = 0; i < 32; i++)
                Lane<TOut>.At(to, i) = TOp.Apply(Lane<TIn>.At(from, i));
            return;
        }

        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            Lane<TOut>.At(to, i) = TOp.Apply(Lane<TIn>.At(from, i));
        }
    }
}

internal sealed unsafe class Binary<T, TOp>(int d, int a, int b) : Operation
    where T : unmanaged
    where TOp : struct, IBinary<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        byte* to = warp.Data + d;
        byte* left = warp.Data + a;
        byte* right = warp.Data + b;
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            Lane<T>.At(to, i) = TOp.Apply(Lane<T>.At(left, i), Lane<T>.At(right, i));
        }
    }
}

/// <summary>Two operands of different type, such as a value and a shift count.</summary>
internal interface IMixed<TA, TB, TOut>
{
    static abstract TOut Apply(TA a, TB b);
}

internal sealed unsafe class Mixed<TA, TB, TOut, TOp>(int d, int a, int b) : Operation
    where TA : unmanaged
    where TB : unmanaged
    where TOut : unmanaged
    where TOp : struct, IMixed<TA, TB, TOut>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        byte* to = warp.Data + d;
        byte* left = warp.Data + a;
        byte* right = warp.Data + b;
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            Lane<TOut>.At(to, i) = TOp.Apply(Lane<TA>.At(left, i), Lane<TB>.At(right, i));
        }
    }
}

internal sealed unsafe class VectorBinary<T, TOp>(int d, int a, int b) : Operation
    where T : unmanaged
    where TOp : struct, IVectorBinary<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        T* to = (T*)(warp.Data + d);
        T* left = (T*)(warp.Data + a);
        T* right = (T*)(warp.Data + b);
        if (mask == uint.MaxValue)
        {
            for (int i = 0; i < 32; i += Vector512<T>.Count)
                Vector512.Store(TOp.Apply(Vector512.Load(left + i), Vector512.Load(right + i)), to + i);
            return;
        }

        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            to[i] = TOp.Apply(left[i], right[i]);
        }
    }
}

internal sealed unsafe class Ternary<T, TOp>(int d, int a, int b, int c) : Operation
    where T : unmanaged
    where TOp : struct, ITernary<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        byte* data = warp.Data;
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            Lane<T>.At(data + d, i) =
                TOp.Apply(Lane<T>.At(data + a, i), Lane<T>.At(data + b, i), Lane<T>.At(data + c, i));
        }
    }
}

internal sealed unsafe class VectorTernary<T, TOp>(int d, int a, int b, int c) : Operation
    where T : unmanaged
    where TOp : struct, IVectorTernary<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        T* to = (T*)(warp.Data + d);
        T* x = (T*)(warp.Data + a);
        T* y = (T*)(warp.Data + b);
        T* z = (T*)(warp.Data + c);
        if (mask == uint.MaxValue)
        {
            for (int i = 0; i < 32; i += Vector512<T>.Count)
            {
                Vector512.Store(
                    TOp.Apply(Vector512.Load(x + i), Vector512.Load(y + i), Vector512.Load(z + i)), to + i);
            }

            return;
        }

        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            to[i] = TOp.Apply(x[i], y[i], z[i]);
        }
    }
}

/// <summary>mad.wide: narrow factors, wide addend.</summary>
internal interface IWideTernary<TIn, TOut>
{
    static abstract TOut Apply(TIn a, TIn b, TOut c);
}

internal sealed unsafe class WideTernary<TIn, TOut, TOp>(int d, int a, int b, int c) : Operation
    where TIn : unmanaged
    where TOut : unmanaged
    where TOp : struct, IWideTernary<TIn, TOut>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        byte* data = warp.Data;
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            Lane<TOut>.At(data + d, i) =
                TOp.Apply(Lane<TIn>.At(data + a, i), Lane<TIn>.At(data + b, i), Lane<TOut>.At(data + c, i));
        }
    }
}
