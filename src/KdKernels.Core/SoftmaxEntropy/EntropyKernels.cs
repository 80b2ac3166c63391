using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>
/// A walk over logits: step k reads a vector at <c>k * Stride</c>. The steps from <see cref="FullSteps"/> on have only
/// <see cref="Lanes"/> elements in memory.
/// </summary>
internal unsafe struct EntropyWalk<TElement>
    where TElement : unmanaged
{
    public TElement* Logits;
    public long Stride;

    /// <summary>How many elements ahead the next walk begins, to fetch it early; 0: not worth it.</summary>
    public long Ahead;
    public int Steps;
    public int FullSteps;
    public int Lanes;

    /// <summary>log2(e) / T.</summary>
    public double Scale;
}

/// <summary>Sums over classes, per lane: see <see cref="EntropyState"/>.</summary>
internal struct EntropySums<TVector>
{
    public TVector Mass;
    public TVector Rest;
    public TVector Log;
}

internal static unsafe class EntropyKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // 2^a is 0 from here on down, so that the product with a stays 0 where a itself would be −∞.
    private static double Lowest => typeof(TElement) == typeof(float) ? -200 : -1200;

    /// <summary>The largest element per lane; NaN elements are passed over. Reads one vector per step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector Largest(in EntropyWalk<TElement> walk)
    {
        TVector none = TVector.Broadcast(double.NegativeInfinity);
        TVector largest = none;
        TElement* z = walk.Logits;
        for (int k = 0; k < walk.Steps; k++, z += walk.Stride)
        {
            TVector logits = k < walk.FullSteps ? TVector.Load(z) : TVector.LoadPartial(z, walk.Lanes, none);
            largest = TVector.Max(logits, largest);
        }

        return largest;
    }

    /// <summary>
    /// The same, with a copy of every vector: the planes of an image often lie a multiple of 4096 bytes apart, where a
    /// second walk would find none of them in the first-level cache.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector LargestAndCopy(in EntropyWalk<TElement> walk, TElement* copy)
    {
        TVector largest = TVector.Broadcast(double.NegativeInfinity), zero = TVector.Broadcast(0);
        TElement* z = walk.Logits;
        for (int k = 0; k < walk.Steps; k++, z += walk.Stride, copy += TVector.Width)
        {
            TVector logits = k < walk.FullSteps ? TVector.Load(z) : TVector.LoadPartial(z, walk.Lanes, zero);
            TVector.Store(copy, logits);
            largest = TVector.Max(logits, largest);
        }

        return largest;
    }

    /// <summary>
    /// The sums, measured from <paramref name="largest"/>; 2^a is kept where <paramref name="kept"/> is given. Reads
    /// one vector per step, one exponential each. Without <typeparamref name="TExcluding"/> a −inf makes NaN of the
    /// sums. </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Accumulate<TExcluding>(
        in EntropyWalk<TElement> walk, TVector largest, TElement* kept, out EntropySums<TVector> sums)
        where TExcluding : struct, IFlag
    {
        TVector scale = TVector.Broadcast(walk.Scale), lowest = TVector.Broadcast(Lowest);
        TVector none = TVector.Broadcast(double.NegativeInfinity), zero = TVector.Broadcast(0);
        TVector mass = zero, rest = zero, log = zero;
        TElement* z = walk.Logits;
        bool fetches = Sse.IsSupported && TVector.Width >= 8 && walk.Ahead > 0;
        for (int k = 0; k < walk.Steps; k++, z += walk.Stride)
        {
            // This walk computes and the next one's search for its largest only reads; without this they take turns.
            if (fetches) Sse.Prefetch1(z + walk.Ahead);
            bool full = k < walk.FullSteps;
            TVector logits = full ? TVector.Load(z) : TVector.LoadPartial(z, walk.Lanes, none);
            TVector a = (logits - largest) * scale;
            // The bound comes first, so that a NaN passes.
            if (TExcluding.Value || !full) a = TVector.Max(lowest, a);
            TVector p = VectorMath<TVector, TElement>.Exp2Finite(a);
            mass += p;
            rest += TVector.SelectEqual(logits, largest, zero, p);
            log = TVector.Fma(p, a, log);
            if (kept is not null) TVector.Store(kept + ((long)k * TVector.Width), p);
        }

        sums.Mass = mass;
        sums.Rest = rest;
        sums.Log = log;
    }

    /// <summary>
    /// The gradient <c>2^a·(a − mean)·factor</c> from kept 2^a. Reads two vectors and writes one per step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradient(
        in EntropyWalk<TElement> walk,
        TVector largest,
        TVector mean,
        TVector factor,
        TElement* kept,
        TElement* gradient,
        long gradientStride)
    {
        TVector scale = TVector.Broadcast(walk.Scale), lowest = TVector.Broadcast(Lowest);
        TVector zero = TVector.Broadcast(0);
        TElement* z = walk.Logits;
        for (int k = 0; k < walk.Steps; k++, z += walk.Stride, gradient += gradientStride)
        {
            bool full = k < walk.FullSteps;
            TVector logits = full ? TVector.Load(z) : TVector.LoadPartial(z, walk.Lanes, zero);
            TVector a = TVector.Max(lowest, (logits - largest) * scale);
            TVector result = TVector.Load(kept + ((long)k * TVector.Width)) * ((a - mean) * factor);
            if (full)
                TVector.Store(gradient, result);
            else
                TVector.StorePartial(gradient, walk.Lanes, result);
        }
    }
}
