using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KdKernels.PtxEmulator.Arithmetic;

/// <summary>Whether subnormal operands and results are taken for zeros of their sign.</summary>
internal interface IFlush
{
    static abstract bool On { get; }
}

internal readonly struct KeepSubnormals : IFlush
{
    public static bool On => false;
}

internal readonly struct FlushSubnormals : IFlush
{
    public static bool On => true;
}

/// <summary>What float32 instructions have in common: every NaN result is 0x7fffffff.</summary>
internal static class Single
{
    public const uint NaNBits = 0x7fffffff;

    public static float NaN => BitConverter.UInt32BitsToSingle(NaNBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Canonical(float a) => float.IsNaN(a) ? NaN : a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Canonical(Vector512<float> a) =>
        Vector512.ConditionalSelect(Vector512.Equals(a, a), a, Vector512.Create(NaNBits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Flush<TFlush>(float a)
        where TFlush : struct, IFlush =>
        TFlush.On && float.IsSubnormal(a) ? MathF.CopySign(0, a) : a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Flush<TFlush>(Vector512<float> a)
        where TFlush : struct, IFlush
    {
        if (!TFlush.On)
            return a;
        Vector512<uint> bits = a.AsUInt32();
        Vector512<uint> small = Vector512.Equals(bits & Vector512.Create(0x7f800000u), Vector512<uint>.Zero);
        return Vector512.ConditionalSelect(small, bits & Vector512.Create(0x80000000u), bits).AsSingle();
    }
}
