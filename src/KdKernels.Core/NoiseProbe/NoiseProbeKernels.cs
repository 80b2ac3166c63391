using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Passes over pixels whose noise is at hand.</summary>
internal static unsafe class NoiseProbeKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>x + σ·ε. Reads three vectors and writes one per step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddNoise(TElement* x, TElement* sigma, TElement* noise, TElement* y, int count)
    {
        TVector zero = TVector.Broadcast(0);
        for (int at = 0; at < count; at += TVector.Width)
        {
            int lanes = count - at;
            if (lanes >= TVector.Width)
            {
                TVector sum = TVector.Fma(TVector.Load(sigma + at), TVector.Load(noise + at), TVector.Load(x + at));
                TVector.Store(y + at, sum);
                continue;
            }

            TVector last = TVector.Fma(
                TVector.LoadPartial(sigma + at, lanes, zero),
                TVector.LoadPartial(noise + at, lanes, zero),
                TVector.LoadPartial(x + at, lanes, zero));
            TVector.StorePartial(y + at, lanes, last);
        }
    }

    /// <summary>Adds Σ upstream·ε of every column of pixels to its sum in double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddColumns(TElement* upstream, TElement* noise, int rows, int width, double* sums)
    {
        TVector zero = TVector.Broadcast(0);
        TElement* lanes = stackalloc TElement[TVector.Width];
        for (int column = 0; column < width; column += TVector.Width)
        {
            int count = Math.Min(TVector.Width, width - column);
            TVector sum = zero;
            long at = column;
            for (int row = 0; row < rows; row++, at += width)
            {
                sum = count == TVector.Width
                    ? TVector.Fma(TVector.Load(upstream + at), TVector.Load(noise + at), sum)
                    : TVector.Fma(
                        TVector.LoadPartial(upstream + at, count, zero),
                        TVector.LoadPartial(noise + at, count, zero),
                        sum);
            }

            if (count == TVector.Width)
            {
                TVector.AddTo(sums + column, sum);
                continue;
            }

            TVector.Store(lanes, sum);
            for (int lane = 0; lane < count; lane++) sums[column + lane] += Memory.Get(lanes + lane);
        }
    }
}
