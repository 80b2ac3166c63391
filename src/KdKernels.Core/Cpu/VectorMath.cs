using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// 2^x, e^x − 1, log x and log(1 + x) for any vector type. The framework's own vector exponential widens to double and
/// is four times slower; these stay within 2 ulp over the whole range (tests hold them to it).
/// </summary>
/// <remarks>
/// The polynomials are minimax fits: (2^f − 1)/f on |f| ≤ 1/2, with relative error 2e-9 (float) and 3e-18 (double) of
/// 2^f; (e^r − 1 − r)/r² on |r| ≤ ln2/2, 1.2e-7 and 3e-18; (log(1 + f) − 2s)/s on |s| ≤ 3 − 2√2, the well-known ones of
/// fdlibm, 2^-34 and 2^-58 of the logarithm; (log(1 + f) − f + f²/2)/f³ for √½ ≤ 1 + f ≤ √2, 3e-8.
/// </remarks>
internal static unsafe class VectorMath<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>2^x; 0 and infinity beyond the range, NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp2(TVector x)
    {
        // The bounds come first in Min and Max, so that a NaN passes; without them infinity − infinity would be NaN.
        double bound = typeof(TElement) == typeof(float) ? 200 : 1200;
        return Exp2Finite(TVector.Min(TVector.Broadcast(bound), TVector.Max(TVector.Broadcast(-bound), x)));
    }

    /// <summary>
    /// The parts of the exponential: e^x = 2^n·(1 + r + h) with |r| ≤ ln2/2 and h = e^r − 1 − r to full relative
    /// accuracy. Where n = 0, r is x itself, so e^x − 1 = r + h and e^x − 1 − x = h have no cancellation.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ExpParts(TVector x, out TVector r, out TVector n)
    {
        n = TVector.Round(x * TVector.Broadcast(1.4426950408889634));
        TVector h;
        if (typeof(TElement) == typeof(float))
        {
            r = TVector.Fnma(n, TVector.Broadcast(0.6931471805599453), x);
            h = TVector.Broadcast(0.0013901296770200133);
            h = TVector.Fma(h, r, TVector.Broadcast(0.008363170549273491));
            h = TVector.Fma(h, r, TVector.Broadcast(0.04166685417294502));
            h = TVector.Fma(h, r, TVector.Broadcast(0.16666577756404877));
        }
        else
        {
            // ln 2 in two parts: its high part times n is exact.
            r = TVector.Fnma(n, TVector.Broadcast(0.693147180369123816490), x);
            r = TVector.Fnma(n, TVector.Broadcast(1.90821492927058770002e-10), r);
            h = TVector.Broadcast(2.0888803903612515e-09);
            h = TVector.Fma(h, r, TVector.Broadcast(2.5105066082726945e-08));
            h = TVector.Fma(h, r, TVector.Broadcast(2.7557350633901587e-07));
            h = TVector.Fma(h, r, TVector.Broadcast(2.755725574181827e-06));
            h = TVector.Fma(h, r, TVector.Broadcast(2.4801587245561385e-05));
            h = TVector.Fma(h, r, TVector.Broadcast(0.00019841269874617181));
            h = TVector.Fma(h, r, TVector.Broadcast(0.0013888888888917848));
            h = TVector.Fma(h, r, TVector.Broadcast(0.008333333333326153));
            h = TVector.Fma(h, r, TVector.Broadcast(0.041666666666666616));
            h = TVector.Fma(h, r, TVector.Broadcast(0.1666666666666667));
        }

        h = TVector.Fma(h, r, TVector.Broadcast(0.5));
        return h * (r * r);
    }

    /// <summary>e^x − 1, accurate for small x as well.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Expm1(TVector x)
    {
        TVector h = ExpParts(x, out TVector r, out TVector n);
        TVector one = TVector.Broadcast(1);
        TVector small = r + h;
        return TVector.SelectEqual(n, TVector.Broadcast(0), small, TVector.Scale(small + one, n) - one);
    }

    /// <summary>The natural logarithm; −inf for 0, NaN below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Log(TVector x)
    {
        TVector zero = TVector.Broadcast(0), infinity = TVector.Broadcast(double.PositiveInfinity);
        TVector outside = TVector.SelectEqual(x, zero, zero - infinity, TVector.Broadcast(double.NaN));
        TVector log = TVector.SelectGreater(x, zero, LogOfPositive(x), outside);
        return TVector.SelectEqual(x, infinity, infinity, log);
    }

    /// <summary>log(1 + x), accurate for small x as well.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Log1p(TVector x)
    {
        TVector one = TVector.Broadcast(1), infinity = TVector.Broadcast(double.PositiveInfinity);
        TVector u = x + one;

        // What the sum has lost of x, to first order.
        TVector lost = (x - (u - one)) / u;
        TVector log = Log(u);
        TVector sum = TVector.SelectEqual(u, TVector.Broadcast(0), log, log + lost);
        return TVector.SelectEqual(x, infinity, infinity, sum);
    }

    /// <summary>
    /// log(1 + x) for finite x above −1, within 3 ulp: spares <see cref="Log1p"/> its divisions (in single precision
    /// both, by a polynomial of f itself) and its checks.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Log1pFinite(TVector x)
    {
        TVector m = Reduce(x + TVector.Broadcast(1), out TVector e);

        // Near 0, where the sum's rounding would show, no power of two is taken out and f is x itself.
        TVector f = TVector.SelectEqual(e, TVector.Broadcast(0), x, m - TVector.Broadcast(1));
        if (typeof(TElement) == typeof(double)) return LogOfParts(f, e);
        TVector r = TVector.Broadcast(0.0870044156908989);
        r = TVector.Fma(r, f, TVector.Broadcast(-0.1426750272512436));
        r = TVector.Fma(r, f, TVector.Broadcast(0.14914773404598236));
        r = TVector.Fma(r, f, TVector.Broadcast(-0.1657758355140686));
        r = TVector.Fma(r, f, TVector.Broadcast(0.19963063299655914));
        r = TVector.Fma(r, f, TVector.Broadcast(-0.2500133812427521));
        r = TVector.Fma(r, f, TVector.Broadcast(0.3333390951156616));
        r = TVector.Fma(r, f, TVector.Broadcast(-0.5));
        return TVector.Fma(e, TVector.Broadcast(0.6931471805599453), TVector.Fma(r, f * f, f));
    }

    /// <summary>The natural logarithm of a positive finite number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector LogOfPositive(TVector x)
    {
        TVector m = Reduce(x, out TVector e);
        return LogOfParts(m - TVector.Broadcast(1), e);
    }

    /// <summary>x = m·2^e with m between √½ and √2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Reduce(TVector x, out TVector e)
    {
        TVector m = TVector.Split(x, out e);
        TVector one = TVector.Broadcast(1), root = TVector.Broadcast(1.4142135623730951);
        e = TVector.SelectGreater(m, root, e + one, e);
        return TVector.SelectGreater(m, root, m * TVector.Broadcast(0.5), m);
    }

    /// <summary>log((1 + f)·2^e).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector LogOfParts(TVector f, TVector e)
    {
        // log(1 + f) = 2 artanh(s) = f − f²/2 + s·(f²/2 + R(s²)), whose first terms are nearly exact.
        TVector s = f / (f + TVector.Broadcast(2)), z = s * s, half = f * f * TVector.Broadcast(0.5);
        TVector r;
        double high, low;
        if (typeof(TElement) == typeof(float))
        {
            r = TVector.Broadcast(0.24279078841);
            r = TVector.Fma(r, z, TVector.Broadcast(0.28498786688));
            r = TVector.Fma(r, z, TVector.Broadcast(0.40000972152));
            r = TVector.Fma(r, z, TVector.Broadcast(0.66666662693));
            (high, low) = (0.693138122558593750, 9.05800061445916e-06);
        }
        else
        {
            r = TVector.Broadcast(1.479819860511658591e-01);
            r = TVector.Fma(r, z, TVector.Broadcast(1.531383769920937332e-01));
            r = TVector.Fma(r, z, TVector.Broadcast(1.818357216161805012e-01));
            r = TVector.Fma(r, z, TVector.Broadcast(2.222219843214978396e-01));
            r = TVector.Fma(r, z, TVector.Broadcast(2.857142874366239149e-01));
            r = TVector.Fma(r, z, TVector.Broadcast(3.999999999940941908e-01));
            r = TVector.Fma(r, z, TVector.Broadcast(6.666666666666735130e-01));
            (high, low) = (6.93147180369123816490e-01, 1.90821492927058770002e-10);
        }

        TVector tail = TVector.Fma(s, TVector.Fma(r, z, half), e * TVector.Broadcast(low));

        // The high part of ln 2 has so few digits that its product with e is exact.
        return TVector.Fma(e, TVector.Broadcast(high), f - (half - tail));
    }

    /// <summary>2^x; NaN where x is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp2Finite(TVector x)
    {
        TVector n = TVector.Round(x);
        TVector f = x - n;
        TVector p;
        if (typeof(TElement) == typeof(float))
        {
            p = TVector.Broadcast(0.00015353361959569156);
            p = TVector.Fma(p, f, TVector.Broadcast(0.0013398873852565885));
            p = TVector.Fma(p, f, TVector.Broadcast(0.00961843691766262));
            p = TVector.Fma(p, f, TVector.Broadcast(0.055503323674201965));
            p = TVector.Fma(p, f, TVector.Broadcast(0.24022647738456726));
            p = TVector.Fma(p, f, TVector.Broadcast(0.6931471824645996));
        }
        else
        {
            p = TVector.Broadcast(4.4353967834304946e-10);
            p = TVector.Fma(p, f, TVector.Broadcast(7.073794322129569e-09));
            p = TVector.Fma(p, f, TVector.Broadcast(1.0178195246146396e-07));
            p = TVector.Fma(p, f, TVector.Broadcast(1.3215435204473696e-06));
            p = TVector.Fma(p, f, TVector.Broadcast(1.5252733503933777e-05));
            p = TVector.Fma(p, f, TVector.Broadcast(0.00015403530457302306));
            p = TVector.Fma(p, f, TVector.Broadcast(0.00133335581467629));
            p = TVector.Fma(p, f, TVector.Broadcast(0.009618129107593937));
            p = TVector.Fma(p, f, TVector.Broadcast(0.05550410866482013));
            p = TVector.Fma(p, f, TVector.Broadcast(0.2402265069591013));
            p = TVector.Fma(p, f, TVector.Broadcast(0.6931471805599453));
        }

        return TVector.Scale(TVector.Fma(p, f, TVector.Broadcast(1)), n);
    }
}
