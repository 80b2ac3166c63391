using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// A class of the generalised Jensen-Shannon divergence, b at most 1/2. With E = q/p − 1, y = log(q/p) and
/// L = log(m/p) = log(1 + bE): <c>f′ = b(y − L)</c>, <c>ψ = −(1 − b)L</c> and <c>f = (1 + E)f′ + ψ</c>, which is convex
/// and at least 0 (p − m and q − m weighted by 1 − b and b add up to 0 in every class). One logarithm per class.
/// </summary>
internal readonly struct JsdTerm<TVector, TElement> : IRatioTerm<TVector>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Beyond this, f is at least a thirtieth of the terms that it is the difference of; below, the series has converged
    // after so many terms to the last digits of the type.
    private const double SeriesReach = 1.0 / 8;

    public static bool NeedsLog => true;

    public static bool HasSigns => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TNear>(
        TVector ratio,
        TVector growth,
        TVector log,
        in RatioConstants<TVector> constants,
        out TVector student,
        out TVector teacher)
        where TNear : struct, IFlag
    {
        TVector weight = constants.Weight;
        TVector mixture = growth * weight;
        TVector logMixture = VectorMath<TVector, TElement>.Log1pFinite(mixture);
        student = (log - logMixture) * weight;
        teacher = logMixture * constants.MinusRest;
        TVector direct = TVector.Fma(ratio, student, teacher);
        if (!TNear.Value) return direct;
        TVector square = growth * growth;
        return TVector.SelectGreater(
            square, TVector.Broadcast(SeriesReach * SeriesReach), direct, square * Series(growth, constants.Series));
    }

    public static RatioValue Careful(double p, double q, double log, double weight)
    {
        double rest = 1 - weight;
        // Nothing without mass; and without a weight q has no share in anything, since b·log b is 0.
        if ((p == 0 && q == 0) || (weight == 0 && p + q > 0)) return default;
        if (log > 1)
        {
            // log(q/m): what is left of p's share vanishes as p/q does.
            double overMixture = -Math.Log(weight + (rest * Math.Exp(-log)));
            double logMixture = log - overMixture;
            double teacherPart = p == 0 ? 0 : rest * p * logMixture;
            return new RatioValue((weight * q * overMixture) - teacherPart, weight * overMixture, -rest * logMixture);
        }

        double growth = ScalarMath.Expm1(log), mixture = weight * growth;
        double gap = LogGap(mixture), logOfMixture = mixture - gap;
        // f = b(1 − b)E² − b(1 + E)(E − log(1 + E)) + (1 + bE)(bE − log(1 + bE)); far from 0 the plain form.
        double f = Math.Abs(growth) < 0.1
            ? (weight * rest * growth * growth) - (weight * (1 + growth) * LogGap(growth)) + ((1 + mixture) * gap)
            : (q == 0 ? 0 : weight * (1 + growth) * log) - ((1 + mixture) * logOfMixture);
        return new RatioValue(p * f, weight * (log - logOfMixture), -rest * logOfMixture);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Series(TVector x, in RatioSeries<TVector> series)
    {
        TVector sum = series[8];
        if (typeof(TElement) == typeof(double))
        {
            sum = TVector.Fma(series[0], x, series[1]);
            sum = TVector.Fma(sum, x, series[2]);
            sum = TVector.Fma(sum, x, series[3]);
            sum = TVector.Fma(sum, x, series[4]);
            sum = TVector.Fma(sum, x, series[5]);
            sum = TVector.Fma(sum, x, series[6]);
            sum = TVector.Fma(sum, x, series[7]);
            sum = TVector.Fma(sum, x, series[8]);
        }

        sum = TVector.Fma(sum, x, series[9]);
        sum = TVector.Fma(sum, x, series[10]);
        sum = TVector.Fma(sum, x, series[11]);
        sum = TVector.Fma(sum, x, series[12]);
        return TVector.Fma(sum, x, series[13]);
    }

    /// <summary>x − log(1 + x).</summary>
    private static double LogGap(double x) => Math.Abs(x) < 0.1 ? ScalarMath.LogGap(x) : x - Math.Log(1 + x);
}
