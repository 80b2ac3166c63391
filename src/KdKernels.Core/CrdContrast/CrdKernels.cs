using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>How rows of the bank are compared with one anchor.</summary>
internal unsafe struct CrdWalk<TElement>
    where TElement : unmanaged
{
    /// <summary>The bank's first element, and elements from row to row.</summary>
    public TElement* Bank;
    public long Stride;

    /// <summary>Vectors of a row; of the last one only <see cref="Lanes"/> elements lie in memory, unless 0.</summary>
    public int Steps;
    public int FullSteps;
    public int Lanes;

    /// <summary>a = Scale·s + Offset.</summary>
    public double Scale;
    public double Offset;
}

/// <summary>
/// The inner loops of CRD: rows are visited in groups of sixteen, which stay in the first-level cache between their dot
/// products with the anchor and their addition to the anchor's gradient: memory is read once for both.
/// </summary>
internal static unsafe class CrdKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A whole number of vectors of every type, and of quads.
    private const int Group = 16;

    /// <summary>
    /// Σ_k softplus(a_k) over <paramref name="count"/> rows; adds Σ_k σ(a_k)·m_k to <paramref name="gradient"/> unless it
    /// is null. Anchor and gradient are padded to whole vectors. Reads each row once from memory and once from the cache.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static double Negatives(
        in CrdWalk<TElement> walk, TElement* anchor, int* rows, int count, TElement* gradient)
    {
        TVector scale = TVector.Broadcast(walk.Scale), offset = TVector.Broadcast(walk.Offset);
        TVector sum = TVector.Broadcast(0);
        TElement* values = stackalloc TElement[2 * Group];
        TElement* before = values + Group;
        for (int first = 0; first < count; first += Group)
        {
            Scores(walk, anchor, rows + first, Math.Min(Group, count - first), values);
            for (int k = 0; k < Group; k += TVector.Width)
            {
                TVector a = TVector.Fma(TVector.Load(values + k), scale, offset);
                sum += SoftplusMath<TVector, TElement>.Softplus(a, out TVector sigmoid);
                TVector.Store(values + k, sigmoid);
            }

            if (gradient is null) continue;

            // The group before: its sigmoids are there, while those above are a long chain that has just begun.
            if (first > 0) AddRows(walk, rows + first - Group, Group, before, gradient);
            TElement* swapped = before;
            before = values;
            values = swapped;
        }

        if (gradient is not null)
        {
            int last = (count - 1) / Group * Group;
            AddRows(walk, rows + last, count - last, before, gradient);
        }

        return TVector.Sum(sum);
    }

    /// <summary>
    /// Σ_k e^(a_k) over rows, in double: it is taken once per training, and e^(1/τ) leaves single precision early.
    /// </summary>
    public static double Exponentials(in CrdWalk<TElement> walk, TElement* anchor, int* rows, int count)
    {
        double sum = 0;
        TElement* values = stackalloc TElement[Group];
        for (int first = 0; first < count; first += Group)
        {
            int rest = Math.Min(Group, count - first);
            Scores(walk, anchor, rows + first, rest, values);
            for (int k = 0; k < rest; k++) sum += Math.Exp((Memory.Get(values + k) * walk.Scale) + walk.Offset);
        }

        return sum;
    }

    /// <summary>
    /// Asks for rows of the bank, which come into the second-level cache while others are worked on: in the order of the
    /// negatives a block would come row by row, each after a wait.
    /// </summary>
    public static void Fetch(in CrdWalk<TElement> walk, long row, long end)
    {
        if (!Sse.IsSupported) return;
        long bytes = walk.Steps * (long)sizeof(TVector);
        for (; row < end; row++)
        {
            byte* start = (byte*)(walk.Bank + (row * walk.Stride));
            for (long at = 0; at < bytes; at += 64) Sse.Prefetch1(start + at);
        }
    }

    /// <summary>Dot products of the anchor with up to sixteen rows; −∞ for those that are missing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scores(in CrdWalk<TElement> walk, TElement* anchor, int* rows, int count, TElement* scores)
    {
        TVector zero = TVector.Broadcast(0);
        for (int k = 0; k < Group; k += 4)
        {
            if (k >= count)
            {
                for (int i = 0; i < 4; i++) Memory.Put(scores + k + i, double.NegativeInfinity);
                continue;
            }

            // A missing row of a quad is its first one again.
            TElement* r0 = walk.Bank + (rows[k] * walk.Stride);
            TElement* r1 = k + 1 < count ? walk.Bank + (rows[k + 1] * walk.Stride) : r0;
            TElement* r2 = k + 2 < count ? walk.Bank + (rows[k + 2] * walk.Stride) : r0;
            TElement* r3 = k + 3 < count ? walk.Bank + (rows[k + 3] * walk.Stride) : r0;
            TVector s0 = zero, s1 = zero, s2 = zero, s3 = zero;
            long at = 0;
            for (int step = 0; step < walk.FullSteps; step++, at += TVector.Width)
            {
                TVector v = TVector.Load(anchor + at);
                s0 = TVector.Fma(v, TVector.Load(r0 + at), s0);
                s1 = TVector.Fma(v, TVector.Load(r1 + at), s1);
                s2 = TVector.Fma(v, TVector.Load(r2 + at), s2);
                s3 = TVector.Fma(v, TVector.Load(r3 + at), s3);
            }

            if (walk.FullSteps < walk.Steps)
            {
                TVector v = TVector.Load(anchor + at);
                s0 = TVector.Fma(v, TVector.LoadPartial(r0 + at, walk.Lanes, zero), s0);
                s1 = TVector.Fma(v, TVector.LoadPartial(r1 + at, walk.Lanes, zero), s1);
                s2 = TVector.Fma(v, TVector.LoadPartial(r2 + at, walk.Lanes, zero), s2);
                s3 = TVector.Fma(v, TVector.LoadPartial(r3 + at, walk.Lanes, zero), s3);
            }

            TVector.SumEach(s0, s1, s2, s3, scores + k);
            for (int i = count - k; i < 4; i++) Memory.Put(scores + k + i, double.NegativeInfinity);
        }
    }

    /// <summary>gradient += Σ weight·row over up to sixteen rows, four at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRows(in CrdWalk<TElement> walk, int* rows, int count, TElement* weights, TElement* gradient)
    {
        TVector zero = TVector.Broadcast(0);
        for (int k = 0; k < count; k += 4)
        {
            TElement* r0 = walk.Bank + (rows[k] * walk.Stride);
            TElement* r1 = k + 1 < count ? walk.Bank + (rows[k + 1] * walk.Stride) : r0;
            TElement* r2 = k + 2 < count ? walk.Bank + (rows[k + 2] * walk.Stride) : r0;
            TElement* r3 = k + 3 < count ? walk.Bank + (rows[k + 3] * walk.Stride) : r0;
            TVector w0 = TVector.Repeat(weights + k);
            TVector w1 = TVector.Repeat(weights + k + 1);
            TVector w2 = TVector.Repeat(weights + k + 2);
            TVector w3 = TVector.Repeat(weights + k + 3);
            long at = 0;
            for (int step = 0; step < walk.FullSteps; step++, at += TVector.Width)
            {
                TVector g = TVector.Fma(w0, TVector.Load(r0 + at), TVector.Load(gradient + at));
                TVector h = w1 * TVector.Load(r1 + at);
                g = TVector.Fma(w2, TVector.Load(r2 + at), g);
                h = TVector.Fma(w3, TVector.Load(r3 + at), h);
                TVector.Store(gradient + at, g + h);
            }

            if (walk.FullSteps < walk.Steps)
            {
                TVector g = TVector.Fma(w0, TVector.LoadPartial(r0 + at, walk.Lanes, zero), TVector.Load(gradient + at));
                TVector h = w1 * TVector.LoadPartial(r1 + at, walk.Lanes, zero);
                g = TVector.Fma(w2, TVector.LoadPartial(r2 + at, walk.Lanes, zero), g);
                h = TVector.Fma(w3, TVector.LoadPartial(r3 + at, walk.Lanes, zero), h);
                TVector.Store(gradient + at, g + h);
            }
        }
    }
}
