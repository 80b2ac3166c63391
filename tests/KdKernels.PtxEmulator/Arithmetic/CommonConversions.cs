using System.Numerics;
using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Arithmetic;

internal readonly struct HalfToSingle : IUnary<Half, float>
{
    public static float Apply(Half a) => Single.Canonical((float)a);
}

/// <summary>Widens by the sign of the source, or drops the upper bits.</summary>
internal readonly struct Extend<TIn, TOut> : IUnary<TIn, TOut>
    where TIn : unmanaged, IBinaryInteger<TIn>
    where TOut : unmanaged, IBinaryInteger<TOut>
{
    public static TOut Apply(TIn a) => TOut.CreateTruncating(a);
}

internal readonly struct Truncate16 : IUnary<uint, uint>
{
    public static uint Apply(uint a) => (ushort)a;
}
