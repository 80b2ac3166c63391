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

    /// <summary>How many elements ahead the next walk begins, to fetch it early; 0: nowhere.</summary>
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

/// <summary>What a gradient is made with, one value per lane.</summary>
internal readonly unsafe struct EntropyGradient<TElement>(TElement* origin, TElement* mean, TElement* factor)
    where TElement : unmanaged
{
    public readonly TElement* Origin = origin;
    public readonly TElement* Mean = mean;
    public readonly TElement* Factor = factor;
}

internal static unsafe class EntropyKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // 2^a is 0 from here on down, so that the product with a stays 0 where a itself would be −∞.
    public static double Lowest => typeof(TElement) == typeof(float) ? -200 : -1200;

    /// <summary>The largest element per lane; NaN elements are passed over. Reads one vector per step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static TVector Largest(in EntropyWalk<TElement> walk)
    {
        TVector none = TVector.Broadcast(double.NegativeInfinity);
        TVector largest = none;
        TElement* z = walk.Logits;
        long stride = walk.Stride;
        int steps = walk.FullSteps;
        for (int k = 0; k < steps; k++, z += stride) largest = TVector.Max(TVector.Load(z), largest);
        for (; steps < walk.Steps; steps++, z += stride)
            largest = TVector.Max(TVector.LoadPartial(z, walk.Lanes, none), largest);
        return largest;
    }

    /// <summary>
    /// The sums, measured from <paramref name="origin"/>; 2^a is kept where <paramref name="kept"/> is given. Reads one
    /// vector per step, one exponential each. Without <typeparamref name="TExcluding"/> a −inf makes NaN of the sums.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Accumulate<TExcluding>(
        in EntropyWalk<TElement> walk, TElement* origin, TElement* kept, out EntropySums<TVector> sums)
        where TExcluding : struct, IFlag
    {
        if (kept is null)
            Accumulate<TExcluding, Off>(walk, origin, kept, out sums);
        else
            Accumulate<TExcluding, On>(walk, origin, kept, out sums);
    }

    /// <summary>
    /// The gradient <c>2^a·(a − mean)·factor</c> from kept 2^a. Reads two vectors and writes one per step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradient(
        in EntropyWalk<TElement> walk,
        in EntropyGradient<TElement> lanes,
        TElement* kept,
        TElement* gradient,
        long gradientStride)
    {
        TVector scale = TVector.Broadcast(walk.Scale), lowest = TVector.Broadcast(Lowest), zero = TVector.Broadcast(0);
        TVector largest = TVector.Load(lanes.Origin), mean = TVector.Load(lanes.Mean);
        TVector factor = TVector.Load(lanes.Factor);
        TElement* z = walk.Logits;
        long stride = walk.Stride;
        int steps = walk.FullSteps;
        for (int k = 0; k < steps; k++, z += stride, gradient += gradientStride, kept += TVector.Width)
        {
            TVector a = TVector.Max(lowest, (TVector.Load(z) - largest) * scale);
            TVector.Store(gradient, TVector.Load(kept) * ((a - mean) * factor));
        }

        for (; steps < walk.Steps; steps++, z += stride, gradient += gradientStride, kept += TVector.Width)
        {
            TVector a = TVector.Max(lowest, (TVector.LoadPartial(z, walk.Lanes, zero) - largest) * scale);
            TVector.StorePartial(gradient, walk.Lanes, TVector.Load(kept) * ((a - mean) * factor));
        }
    }

    // A loop of whole vectors and one of partial ones: with both in one, the compiler keeps its constants on the stack.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Accumulate<TExcluding, TKeeping>(
        in EntropyWalk<TElement> walk, TElement* origin, TElement* kept, out EntropySums<TVector> sums)
        where TExcluding : struct, IFlag
        where TKeeping : struct, IFlag
    {
        TVector scale = TVector.Broadcast(walk.Scale), lowest = TVector.Broadcast(Lowest);
        TVector none = TVector.Broadcast(double.NegativeInfinity), zero = TVector.Broadcast(0);
        TVector mass = zero, rest = zero, log = zero, largest = TVector.Load(origin);
        TElement* z = walk.Logits;
        long stride = walk.Stride, ahead = walk.Ahead;
        int steps = walk.FullSteps;
        for (int k = 0; k < steps; k++, z += stride)
        {
            // This walk computes and the next one's search for its largest only reads; without this they take turns.
            if (Sse.IsSupported && TVector.Width >= 8) Sse.Prefetch1(z + ahead);
            TVector logits = TVector.Load(z);
            TVector a = (logits - largest) * scale;
            // The bound comes first, so that a NaN passes.
            if (TExcluding.Value) a = TVector.Max(lowest, a);
            TVector p = VectorMath<TVector, TElement>.Exp2Finite(a);
            mass += p;
            rest += TVector.SelectEqual(logits, largest, zero, p);
            log = TVector.Fma(p, a, log);
            if (!TKeeping.Value) continue;
            TVector.Store(kept, p);
            kept += TVector.Width;
        }

        for (; steps < walk.Steps; steps++, z += stride)
        {
            TVector logits = TVector.LoadPartial(z, walk.Lanes, none);
            TVector a = TVector.Max(lowest, (logits - largest) * scale);
            TVector p = VectorMath<TVector, TElement>.Exp2Finite(a);
            mass += p;
            rest += TVector.SelectEqual(logits, largest, zero, p);
            log = TVector.Fma(p, a, log);
            if (!TKeeping.Value) continue;
            TVector.Store(kept, p);
            kept += TVector.Width;
        }

        sums.Mass = mass;
        sums.Rest = rest;
        sums.Log = log;
    }
}
