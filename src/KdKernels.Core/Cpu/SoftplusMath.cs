using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>log(1 + e^a) and its derivative for any vector type, from one exponential and one division.</summary>
internal static class SoftplusMath<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>
    /// softplus(a) = max(a, 0) + log1p(e^−|a|), accurate for any a, where log(1 + e^a) overflows at 89 in single
    /// precision; and σ(a) = 1/(1 + e^−a). NaN where a is.
    /// </summary>
    /// <remarks>
    /// With e in [0, 1], log(1 + e) = 2 artanh(s), s = e/(2 + e) ≤ 1/3; the polynomials in s² are minimax fits with
    /// relative error 5e-9 (float) and 1.3e-18 (double).
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Softplus(TVector a, out TVector sigmoid)
    {
        TVector zero = TVector.Broadcast(0), one = TVector.Broadcast(1);

        // e^−|a|, which is 0 beyond the bound; the bound comes first, so that a NaN passes.
        TVector bound = TVector.Broadcast(typeof(TElement) == typeof(float) ? 150 : 800);
        TVector x = zero - TVector.Min(bound, TVector.Max(a, zero - a));
        TVector h = VectorMath<TVector, TElement>.ExpParts(x, out TVector r, out TVector n);
        TVector e = TVector.Scale(one + (r + h), n);
        TVector next = one + e, second = next + one, inverse = one / (next * second);
        TVector above = inverse * second, s = e * (inverse * next);
        sigmoid = TVector.SelectGreater(a, zero, above, e * above);

        TVector z = s * s, p;
        if (typeof(TElement) == typeof(float))
        {
            p = TVector.Broadcast(0.14005994154154605);
            p = TVector.Fma(p, z, TVector.Broadcast(0.1400090246716358));
            p = TVector.Fma(p, z, TVector.Broadcast(0.20010763631625902));
            p = TVector.Fma(p, z, TVector.Broadcast(0.3333320814256891));
        }
        else
        {
            p = TVector.Broadcast(0.08504879755305815);
            p = TVector.Fma(p, z, TVector.Broadcast(0.04172485133731453));
            p = TVector.Fma(p, z, TVector.Broadcast(0.06052472556881563));
            p = TVector.Fma(p, z, TVector.Broadcast(0.06650560680439999));
            p = TVector.Fma(p, z, TVector.Broadcast(0.07693274196788101));
            p = TVector.Fma(p, z, TVector.Broadcast(0.0909087223952206));
            p = TVector.Fma(p, z, TVector.Broadcast(0.11111111976823737));
            p = TVector.Fma(p, z, TVector.Broadcast(0.14285714274058986));
            p = TVector.Fma(p, z, TVector.Broadcast(0.20000000000077559));
            p = TVector.Fma(p, z, TVector.Broadcast(0.33333333333333154));
        }

        TVector twice = s + s;

        // Zero comes first, so that a NaN passes.
        return TVector.Max(zero, a) + TVector.Fma(twice * z, p, twice);
    }
}
