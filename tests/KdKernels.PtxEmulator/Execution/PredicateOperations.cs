using System.Numerics;
using System.Runtime.CompilerServices;

namespace KdKernels.PtxEmulator.Execution;

internal interface ICompare<T>
{
    static abstract bool Apply(T a, T b);
}

internal enum Combine
{
    None,
    And,
    Or,
    Xor,
}

internal static unsafe class Predicates
{
    public static void Write(Warp warp, int offset, uint value, uint mask)
    {
        uint* to = (uint*)(warp.Data + offset);
        *to = (*to & ~mask) | (value & mask);
    }

    public static uint Apply(Combine combine, uint a, uint b) => combine switch
    {
        Combine.And => a & b,
        Combine.Or => a | b,
        Combine.Xor => a ^ b,
        _ => a,
    };
}

/// <summary>setp, with an optional second predicate combined in and an optional complement as second result.</summary>
internal sealed unsafe class SetPredicate<T, TCompare>(
    int d, int complement, int a, int b, Combine combine, int c, uint flip) : Operation
    where T : unmanaged
    where TCompare : struct, ICompare<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        byte* left = warp.Data + a;
        byte* right = warp.Data + b;
        uint result = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int i = BitOperations.TrailingZeroCount(rest);
            result |= (TCompare.Apply(Lane<T>.At(left, i), Lane<T>.At(right, i)) ? 1u : 0) << i;
        }

        uint other = combine == Combine.None ? 0 : warp.Predicate(c) ^ flip;
        uint not = Predicates.Apply(combine, ~result, other);
        Predicates.Write(warp, d, Predicates.Apply(combine, result, other), mask);
        if (complement != 0)
            Predicates.Write(warp, complement, not, mask);
    }
}

/// <summary>and, or, xor, not and mov of predicates.</summary>
internal sealed class PredicateLogic(int d, int a, uint flipA, int b, uint flipB, Combine combine) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        uint right = combine == Combine.None ? 0 : warp.Predicate(b) ^ flipB;
        Predicates.Write(warp, d, Predicates.Apply(combine, warp.Predicate(a) ^ flipA, right), mask);
    }
}

internal sealed unsafe class Select<T>(int d, int a, int b, int predicate) : Operation
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        byte* data = warp.Data;
        uint choice = warp.Predicate(predicate);
        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            Lane<T>.At(data + d, i) = Lane<T>.At(data + ((choice >> i & 1) != 0 ? a : b), i);
        }
    }
}

/// <summary>testp: a property of one value.</summary>
internal interface ITest<T>
{
    static abstract bool Apply(T a);
}

internal sealed unsafe class TestProperty<T, TTest>(int d, int a) : Operation
    where T : unmanaged
    where TTest : struct, ITest<T>
{
    public override void Execute(Warp warp, uint mask)
    {
        uint result = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int i = BitOperations.TrailingZeroCount(rest);
            result |= (TTest.Apply(Lane<T>.At(warp.Data + a, i)) ? 1u : 0) << i;
        }

        Predicates.Write(warp, d, result, mask);
    }
}
