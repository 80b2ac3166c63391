using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>
/// The loops of attention transfer over a sample that lies in planes (pixels side by side) or in pixels (channels side
/// by side). Sums are taken in double: a float's square is exact there, so that nearly equal maps keep their difference.
/// </summary>
internal static unsafe class AttentionKernels<TVector, TElement, TPower>
    where TVector : unmanaged, IWideVector<TVector>
    where TElement : unmanaged
    where TPower : struct, IAttentionPower
{
    /// <summary>How many planes <see cref="AddPlanes"/> takes.</summary>
    public const int Planes = 4;

    /// <summary>
    /// Adds |f|^p of four planes to <paramref name="q"/>, whose last vector is whole. Reads every element once and each
    /// vector of sums once per four planes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddPlanes(TElement* f0, long planeStride, long pixels, bool fetches, double* q)
    {
        TElement* f1 = f0 + planeStride, f2 = f1 + planeStride, f3 = f2 + planeStride;
        long ahead = Planes * planeStride, full = pixels - (pixels % TVector.Width);
        // A plane of 32 x 32 floats is a page, at whose end the processor's own prefetching stops.
        bool fetching = fetches && Sse.IsSupported && TVector.Width >= 4;
        for (long j = 0; j < full; j += TVector.Width)
        {
            if (fetching)
            {
                Sse.Prefetch0(f0 + ahead + j);
                Sse.Prefetch0(f1 + ahead + j);
                Sse.Prefetch0(f2 + ahead + j);
                Sse.Prefetch0(f3 + ahead + j);
            }

            TVector sum = TVector.Load(q + j);
            sum = TPower.Add(Wide<TVector, TElement>.Load(f0 + j), sum);
            sum = TPower.Add(Wide<TVector, TElement>.Load(f1 + j), sum);
            sum = TPower.Add(Wide<TVector, TElement>.Load(f2 + j), sum);
            TVector.Store(q + j, TPower.Add(Wide<TVector, TElement>.Load(f3 + j), sum));
        }

        if (full == pixels) return;
        int rest = (int)(pixels - full);
        TVector last = TVector.Load(q + full);
        last = TPower.Add(Wide<TVector, TElement>.LoadPartial(f0 + full, rest), last);
        last = TPower.Add(Wide<TVector, TElement>.LoadPartial(f1 + full, rest), last);
        last = TPower.Add(Wide<TVector, TElement>.LoadPartial(f2 + full, rest), last);
        TVector.Store(q + full, TPower.Add(Wide<TVector, TElement>.LoadPartial(f3 + full, rest), last));
    }

    /// <summary>The same for one plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddPlane(TElement* f, long pixels, double* q)
    {
        long full = pixels - (pixels % TVector.Width);
        for (long j = 0; j < full; j += TVector.Width)
            TVector.Store(q + j, TPower.Add(Wide<TVector, TElement>.Load(f + j), TVector.Load(q + j)));
        if (full == pixels) return;
        TVector last = Wide<TVector, TElement>.LoadPartial(f + full, (int)(pixels - full));
        TVector.Store(q + full, TPower.Add(last, TVector.Load(q + full)));
    }

    /// <summary>Σ_c |f|^p of one pixel's channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static double SumPixel(TElement* f, long channels)
    {
        TVector zero = TVector.Broadcast(0), even = zero, odd = zero;
        long c = 0;
        for (; c + (2 * TVector.Width) <= channels; c += 2 * TVector.Width)
        {
            even = TPower.Add(Wide<TVector, TElement>.Load(f + c), even);
            odd = TPower.Add(Wide<TVector, TElement>.Load(f + c + TVector.Width), odd);
        }

        for (; c < channels; c += TVector.Width)
        {
            int rest = (int)Math.Min(TVector.Width, channels - c);
            even = TPower.Add(Wide<TVector, TElement>.LoadPartial(f + c, rest), even);
        }

        return TVector.Sum(even + odd);
    }

    /// <summary>The gradient of a plane from the slopes of its pixels, whose last vector is whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void PlaneGradient(TElement* f, long pixels, double* slopes, TElement* gradient)
    {
        long full = pixels - (pixels % TVector.Width);
        for (long j = 0; j < full; j += TVector.Width)
        {
            TVector value = Wide<TVector, TElement>.Load(f + j);
            Wide<TVector, TElement>.Store(gradient + j, TPower.Slope(value, TVector.Load(slopes + j)));
        }

        if (full == pixels) return;
        int rest = (int)(pixels - full);
        TVector last = Wide<TVector, TElement>.LoadPartial(f + full, rest);
        Wide<TVector, TElement>.StorePartial(gradient + full, rest, TPower.Slope(last, TVector.Load(slopes + full)));
    }

    /// <summary>The gradient of a pixel's channels from its slope.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void PixelGradient(TElement* f, long channels, double slope, TElement* gradient)
    {
        TVector g = TVector.Broadcast(slope);
        long full = channels - (channels % TVector.Width);
        for (long c = 0; c < full; c += TVector.Width)
            Wide<TVector, TElement>.Store(gradient + c, TPower.Slope(Wide<TVector, TElement>.Load(f + c), g));
        if (full == channels) return;
        int rest = (int)(channels - full);
        TVector last = Wide<TVector, TElement>.LoadPartial(f + full, rest);
        Wide<TVector, TElement>.StorePartial(gradient + full, rest, TPower.Slope(last, g));
    }
}
