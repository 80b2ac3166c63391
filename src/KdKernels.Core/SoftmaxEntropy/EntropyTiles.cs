using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// Tiles of pixels whose classes lie in planes, taken through a copy with all classes of a group of pixels (one per
/// lane) side by side. Planes are read and written in runs of a tile, since a vector from each plane in turn finds
/// neither the prefetcher nor, with planes a multiple of 4096 bytes apart, the first-level cache.
/// </summary>
internal static unsafe class EntropyTiles<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>Copies a tile and finds the largest logit of every pixel; NaN is passed over.</summary>
    /// <param name="logits">The first pixel of the first plane.</param>
    /// <param name="stride">From plane to plane.</param>
    /// <param name="classes">Planes.</param>
    /// <param name="pixels">Pixels of the tile.</param>
    /// <param name="copy">[groups, classes, lanes].</param>
    /// <param name="largest">[groups, lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Copy(
        TElement* logits, long stride, int classes, int pixels, TElement* copy, TElement* largest)
    {
        TVector none = TVector.Broadcast(double.NegativeInfinity), zero = TVector.Broadcast(0);
        for (int at = 0; at < pixels; at += TVector.Width) TVector.Store(largest + at, none);
        int whole = pixels / TVector.Width * TVector.Width;
        long group = (long)classes * TVector.Width;
        for (int c = 0; c < classes; c++, logits += stride, copy += TVector.Width)
        {
            TElement* target = copy;
            for (int at = 0; at < whole; at += TVector.Width, target += group)
            {
                TVector x = TVector.Load(logits + at);
                TVector.Store(target, x);
                TVector.Store(largest + at, TVector.Max(x, TVector.Load(largest + at)));
            }

            if (whole == pixels) continue;
            TVector last = TVector.LoadPartial(logits + whole, pixels - whole, zero);
            TVector.Store(target, last);
            TVector.Store(largest + whole, TVector.Max(last, TVector.Load(largest + whole)));
        }
    }

    /// <summary>
    /// The entropies of a group's pixels from their sums; the mean of a and, with <paramref name="upstream"/> holding
    /// the gradients of the pixels' own values, what multiplies 2^a·(a − mean).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Finish(
        in EntropySums<TVector> sums,
        double inverseTemperature,
        TElement* upstream,
        TElement* entropy,
        TElement* mean,
        TElement* factor)
    {
        TVector log2 = TVector.Broadcast(0.6931471805599453);
        TVector mass = sums.Mass, rest = sums.Rest, m = sums.Log / mass;
        // In single precision 1 + rest has lost the digits of a small rest; the rest alone has not.
        TVector ones = TVector.Round(mass - rest);
        TVector logMass = VectorMath<TVector, TElement>.LogOfPositive(ones)
            + VectorMath<TVector, TElement>.Log1p(rest / ones);
        TVector.Store(entropy, TVector.Fnma(log2, m, logMass));
        TVector.Store(mean, m);
        TVector scale = TVector.Broadcast(-0.6931471805599453 * inverseTemperature);
        TVector.Store(factor, TVector.Load(upstream) * scale / mass);
    }

    /// <summary>Writes the gradient of a tile from its copy and the kept 2^a, which lies as the copy does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradient(
        TElement* copy,
        TElement* kept,
        in EntropyGradient<TElement> lanes,
        double scaleOfLogits,
        TElement* gradient,
        long stride,
        int classes,
        int pixels)
    {
        TVector scale = TVector.Broadcast(scaleOfLogits);
        TVector lowest = TVector.Broadcast(EntropyKernels<TVector, TElement>.Lowest);
        TElement* largest = lanes.Origin, mean = lanes.Mean, factor = lanes.Factor;
        int whole = pixels / TVector.Width * TVector.Width;
        long group = (long)classes * TVector.Width;
        for (long c = 0; c < classes; c++, gradient += stride)
        {
            long offset = c * TVector.Width;
            for (int at = 0; at < whole; at += TVector.Width, offset += group)
            {
                TVector a = TVector.Max(lowest, (TVector.Load(copy + offset) - TVector.Load(largest + at)) * scale);
                TVector slope = (a - TVector.Load(mean + at)) * TVector.Load(factor + at);
                TVector.Store(gradient + at, TVector.Load(kept + offset) * slope);
            }

            if (whole == pixels) continue;
            TVector b = TVector.Max(lowest, (TVector.Load(copy + offset) - TVector.Load(largest + whole)) * scale);
            TVector last = (b - TVector.Load(mean + whole)) * TVector.Load(factor + whole);
            TVector.StorePartial(gradient + whole, pixels - whole, TVector.Load(kept + offset) * last);
        }
    }
}
