using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Passes over a block of units that lie side by side.</summary>
internal static unsafe class PixelEntropyKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Mantissas below 2 whose product a float still holds.
    private const int MostFactors = 96;

    /// <summary>½ log 2πe.</summary>
    public const double OfUnitNoise = 1.4189385332046727;

    /// <summary>
    /// Σ log σ of the block, and of its background: units with <paramref name="background"/> 1, not 0. Reads one vector
    /// (two with a background) per step; no logarithm. False, and nothing done, if a unit is not positive and finite.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static bool TryAdd<TMasked>(
        TElement* sigma,
        TElement* background,
        int count,
        ref LogSum<TVector, TElement> all,
        ref LogSum<TVector, TElement> ofBackground)
        where TMasked : struct, IFlag
    {
        TVector zero = TVector.Broadcast(0), one = TVector.Broadcast(1), nan = TVector.Broadcast(double.NaN);
        TVector product = all.Product, exponents = all.Exponents, poison = zero;
        TVector product2 = ofBackground.Product, exponents2 = ofBackground.Exponents;
        for (int at = 0; at < count;)
        {
            int end = (int)Math.Min(count, at + ((long)MostFactors * TVector.Width));
            for (; at < end; at += TVector.Width)
            {
                TVector x = count - at >= TVector.Width
                    ? TVector.Load(sigma + at)
                    : TVector.LoadPartial(sigma + at, count - at, one);
                // 0·x is NaN for infinities as well.
                poison = TVector.Fma(TVector.SelectGreater(x, zero, x, nan), zero, poison);
                TVector mantissa = TVector.Split(x, out TVector exponent);
                product *= mantissa;
                exponents += exponent;
                if (!TMasked.Value) continue;
                TVector flags = TVector.Load(background + at);
                product2 *= TVector.SelectEqual(flags, zero, one, mantissa);
                exponents2 += TVector.SelectEqual(flags, zero, zero, exponent);
            }

            product = TVector.Split(product, out TVector carry);
            exponents += carry;
            if (!TMasked.Value) continue;
            product2 = TVector.Split(product2, out carry);
            exponents2 += carry;
        }

        if (TVector.Sum(poison) != 0) return false;
        all.Put(product, exponents);
        if (TMasked.Value) ofBackground.Put(product2, exponents2);
        return true;
    }

    /// <summary>H of every unit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void WriteEntropies(TElement* sigma, TElement* map, int count)
    {
        TVector one = TVector.Broadcast(1), constant = TVector.Broadcast(OfUnitNoise);
        for (int at = 0; at < count; at += TVector.Width)
        {
            if (count - at >= TVector.Width)
            {
                TVector log = VectorMath<TVector, TElement>.Log(TVector.Load(sigma + at));
                TVector.Store(map + at, log + constant);
                continue;
            }

            TVector rest = TVector.LoadPartial(sigma + at, count - at, one);
            TVector.StorePartial(map + at, count - at, VectorMath<TVector, TElement>.Log(rest) + constant);
        }
    }

    /// <summary>upstream / σ of every unit; without an upstream gradient of its own, factor / σ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void WriteGradient(TElement* sigma, TElement* upstream, double factor, TElement* gradient, int count)
    {
        TVector one = TVector.Broadcast(1), scale = TVector.Broadcast(factor);
        for (int at = 0; at < count; at += TVector.Width)
        {
            int lanes = count - at;
            if (lanes >= TVector.Width)
            {
                TVector numerator = upstream is null ? scale : TVector.Load(upstream + at);
                TVector.Store(gradient + at, numerator / TVector.Load(sigma + at));
                continue;
            }

            TVector last = upstream is null ? scale : TVector.LoadPartial(upstream + at, lanes, one);
            TVector.StorePartial(gradient + at, lanes, last / TVector.LoadPartial(sigma + at, lanes, one));
        }
    }

    /// <summary>How many units have 0 ≤ σ &lt; bound, and how many of them are background.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static (long All, long Background) CountBelow(
        TElement* sigma, TElement* background, double bound, int count)
    {
        TVector zero = TVector.Broadcast(0), one = TVector.Broadcast(1), limit = TVector.Broadcast(bound);
        TVector all = zero, ofBackground = zero;
        for (int at = 0; at < count; at += TVector.Width)
        {
            TVector x = count - at >= TVector.Width
                ? TVector.Load(sigma + at)
                : TVector.LoadPartial(sigma + at, count - at, zero - one);
            TVector point = TVector.SelectGreater(zero, x, zero, TVector.SelectGreater(limit, x, one, zero));
            all += point;
            ofBackground += TVector.SelectEqual(TVector.Load(background + at), zero, zero, point);
        }

        return ((long)TVector.Sum(all), (long)TVector.Sum(ofBackground));
    }
}
