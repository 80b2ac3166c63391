using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>|f|^p for one p, known to the compiler.</summary>
internal interface IAttentionPower
{
    static abstract int Exponent { get; }

    /// <summary><c>sum + |f|^p</c>.</summary>
    static abstract TVector Add<TVector>(TVector f, TVector sum)
        where TVector : unmanaged, IVector<TVector, double>;

    /// <summary><c>|f|^(p−1)·sgn(f)·g</c>: the derivative without its factor p.</summary>
    static abstract TVector Slope<TVector>(TVector f, TVector g)
        where TVector : unmanaged, IVector<TVector, double>;
}

internal readonly struct AttentionPower1 : IAttentionPower
{
    public static int Exponent => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(TVector f, TVector sum)
        where TVector : unmanaged, IVector<TVector, double> => sum + TVector.Max(TVector.Broadcast(0) - f, f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Slope<TVector>(TVector f, TVector g)
        where TVector : unmanaged, IVector<TVector, double>
    {
        TVector zero = TVector.Broadcast(0);
        // A NaN map has NaN slopes everywhere, which the multiplication passes on where f is 0.
        return TVector.SelectGreater(f, zero, g, TVector.SelectGreater(zero, f, zero - g, zero * g));
    }
}

internal readonly struct AttentionPower2 : IAttentionPower
{
    public static int Exponent => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(TVector f, TVector sum)
        where TVector : unmanaged, IVector<TVector, double> => TVector.Fma(f, f, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Slope<TVector>(TVector f, TVector g)
        where TVector : unmanaged, IVector<TVector, double> => f * g;
}

internal readonly struct AttentionPower4 : IAttentionPower
{
    public static int Exponent => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(TVector f, TVector sum)
        where TVector : unmanaged, IVector<TVector, double>
    {
        TVector square = f * f;
        return TVector.Fma(square, square, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Slope<TVector>(TVector f, TVector g)
        where TVector : unmanaged, IVector<TVector, double> => f * f * (f * g);
}
