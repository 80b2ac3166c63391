using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// Passes over one row. Values of a tangent or an upstream gradient are measured from their value at the most likely class
/// (<see cref="Centre.Origin"/>), and then from the mean of those differences under p.
/// </summary>
internal static unsafe class JvpKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Sums over lanes go to double after so many elements.
    private const long BlockSize = 2048;

    // 2^a is 0 from here on down; −inf itself would become NaN in the exponential.
    private static double Lowest => typeof(TElement) == typeof(float) ? -200 : -1200;

    /// <summary>
    /// Writes p = softmax(z/T) and returns the first most likely class. <paramref name="scale"/> is log2(e)/T. Reads the row
    /// twice, one exponential per class.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Softmax(TElement* z, TElement* p, long count, double scale)
    {
        TVector none = TVector.Broadcast(double.NegativeInfinity), largest = none;
        long whole = count - (count % TVector.Width);
        int rest = (int)(count - whole);
        for (long c = 0; c < whole; c += TVector.Width) largest = TVector.Max(TVector.Load(z + c), largest);
        if (rest > 0) largest = TVector.Max(TVector.LoadPartial(z + whole, rest, none), largest);
        double top = TVector.Largest(largest);

        TVector origin = TVector.Broadcast(top), factor = TVector.Broadcast(scale), lowest = TVector.Broadcast(Lowest);
        double mass = 0;
        for (long c = 0; c < whole;)
        {
            TVector sum = TVector.Broadcast(0);
            for (long end = Math.Min(whole, c + BlockSize); c < end; c += TVector.Width)
            {
                TVector e = Exponential(TVector.Load(z + c));
                TVector.Store(p + c, e);
                sum += e;
            }

            mass += TVector.Sum(sum);
        }

        if (rest > 0)
        {
            TVector e = Exponential(TVector.LoadPartial(z + whole, rest, none));
            TVector.StorePartial(p + whole, rest, e);
            mass += TVector.Sum(TVector.LoadPartial(p + whole, rest, TVector.Broadcast(0)));
        }

        TVector inverse = TVector.Broadcast(1 / mass);
        for (long c = 0; c < whole; c += TVector.Width) TVector.Store(p + c, TVector.Load(p + c) * inverse);
        if (rest > 0) TVector.StorePartial(p + whole, rest, TVector.LoadPartial(p + whole, rest, inverse) * inverse);
        return IndexOf(z, count, origin);

        // The bound comes first, so that a NaN passes.
        TVector Exponential(TVector logits) =>
            VectorMath<TVector, TElement>.Exp2Finite(TVector.Max(lowest, (logits - origin) * factor));
    }

    /// <summary>Where a tangent is measured from. Reads p and the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Centre CentreOf(TElement* p, TElement* values, long count, long top)
    {
        double origin = Memory.Get(values + top);
        TVector from = TVector.Broadcast(origin), zero = TVector.Broadcast(0);
        long whole = count - (count % TVector.Width), pairs = count - (count % (2 * TVector.Width));
        double mean = 0;
        for (long c = 0; c < whole;)
        {
            // Two sums, so that one addition need not wait for the one before.
            TVector even = zero, odd = zero;
            for (long end = Math.Min(pairs, c + BlockSize); c < end; c += 2 * TVector.Width)
            {
                even = TVector.Fma(TVector.Load(p + c), TVector.Load(values + c) - from, even);
                odd = TVector.Fma(TVector.Load(p + c + TVector.Width), TVector.Load(values + c + TVector.Width) - from, odd);
            }

            if (c == pairs && c < whole)
            {
                even = TVector.Fma(TVector.Load(p + c), TVector.Load(values + c) - from, even);
                c = whole;
            }

            mean += TVector.Sum(even + odd);
        }

        if (count > whole)
        {
            int rest = (int)(count - whole);
            mean += TVector.Sum(
                TVector.LoadPartial(p + whole, rest, zero) * (TVector.LoadPartial(values + whole, rest, from) - from));
        }

        // An infinite mean would leave finite elements infinite and make NaN of the infinite ones.
        return new Centre(origin, double.IsFinite(mean) ? mean : double.NaN);
    }

    /// <summary>Σ_c of the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(TElement* values, long count)
    {
        long whole = count - (count % TVector.Width);
        double total = 0;
        for (long c = 0; c < whole;)
        {
            TVector sum = TVector.Broadcast(0);
            for (long end = Math.Min(whole, c + BlockSize); c < end; c += TVector.Width) sum += TVector.Load(values + c);
            total += TVector.Sum(sum);
        }

        return count == whole
            ? total
            : total + TVector.Sum(TVector.LoadPartial(values + whole, (int)(count - whole), TVector.Broadcast(0)));
    }

    /// <summary>Writes <c>p ⊙ (v − ⟨p, v⟩)·factor</c>, or without p where <paramref name="p"/> is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Product(TElement* p, TElement* v, TElement* target, long count, Centre centre, double factor)
    {
        TVector from = TVector.Broadcast(centre.Origin), mean = TVector.Broadcast(centre.Mean);
        TVector scale = TVector.Broadcast(factor);
        long whole = count - (count % TVector.Width);
        for (long c = 0; c < whole; c += TVector.Width)
        {
            TVector centred = (TVector.Load(v + c) - from - mean) * scale;
            TVector.Store(target + c, p is null ? centred : TVector.Load(p + c) * centred);
        }

        if (count == whole) return;
        int rest = (int)(count - whole);
        TVector last = (TVector.LoadPartial(v + whole, rest, from) - from - mean) * scale;
        TVector.StorePartial(
            target + whole, rest, p is null ? last : TVector.LoadPartial(p + whole, rest, from) * last);
    }

    /// <summary>
    /// Adds <c>(g − ⟨p, g⟩) ⊙ (v − ⟨p, v⟩)</c> to the row's sum A, and where <paramref name="target"/> is given writes
    /// <c>p ⊙ (g − ⟨p, g⟩)·factor</c> there, as <see cref="Product"/> would.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddProduct(
        TElement* p,
        TElement* g,
        Centre centreG,
        TElement* v,
        Centre centreV,
        TElement* sum,
        TElement* target,
        long count,
        double factor)
    {
        TVector fromG = TVector.Broadcast(centreG.Origin), meanG = TVector.Broadcast(centreG.Mean);
        TVector fromV = TVector.Broadcast(centreV.Origin), meanV = TVector.Broadcast(centreV.Mean);
        TVector scale = TVector.Broadcast(factor);
        long whole = count - (count % TVector.Width);
        for (long c = 0; c < whole; c += TVector.Width)
        {
            TVector centred = TVector.Load(g + c) - fromG - meanG;
            TVector.Store(sum + c, TVector.Fma(centred, TVector.Load(v + c) - fromV - meanV, TVector.Load(sum + c)));
            if (target is not null) TVector.Store(target + c, TVector.Load(p + c) * (centred * scale));
        }

        if (count == whole) return;
        int rest = (int)(count - whole);
        TVector last = TVector.LoadPartial(g + whole, rest, fromG) - fromG - meanG;
        TVector other = TVector.LoadPartial(v + whole, rest, fromV) - fromV - meanV;
        TVector.StorePartial(
            sum + whole, rest, TVector.Fma(last, other, TVector.LoadPartial(sum + whole, rest, fromG)));
        if (target is not null)
            TVector.StorePartial(target + whole, rest, TVector.LoadPartial(p + whole, rest, fromG) * (last * scale));
    }

    /// <summary>Subtracts <c>total·(v − ⟨p, v⟩)</c> from the row's sum A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SubtractScaled(double total, TElement* v, Centre centre, TElement* sum, long count)
    {
        TVector factor = TVector.Broadcast(total);
        TVector from = TVector.Broadcast(centre.Origin), mean = TVector.Broadcast(centre.Mean);
        long whole = count - (count % TVector.Width);
        for (long c = 0; c < whole; c += TVector.Width)
            TVector.Store(sum + c, TVector.Fnma(factor, TVector.Load(v + c) - from - mean, TVector.Load(sum + c)));
        if (count == whole) return;
        int rest = (int)(count - whole);
        TVector last = TVector.LoadPartial(v + whole, rest, from) - from - mean;
        TVector.StorePartial(
            sum + whole, rest, TVector.Fnma(factor, last, TVector.LoadPartial(sum + whole, rest, factor)));
    }

    /// <summary>Writes <c>(g − total·p)·factor</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Residual(TElement* p, TElement* g, TElement* target, long count, double total, double factor)
    {
        TVector share = TVector.Broadcast(total), scale = TVector.Broadcast(factor);
        long whole = count - (count % TVector.Width);
        for (long c = 0; c < whole; c += TVector.Width)
            TVector.Store(target + c, TVector.Fnma(share, TVector.Load(p + c), TVector.Load(g + c)) * scale);
        if (count == whole) return;
        int rest = (int)(count - whole);
        TVector last = TVector.LoadPartial(p + whole, rest, share);
        TVector.StorePartial(
            target + whole, rest, TVector.Fnma(share, last, TVector.LoadPartial(g + whole, rest, share)) * scale);
    }

    private static long IndexOf(TElement* z, long count, TVector value)
    {
        for (long c = 0; c < count; c += TVector.Width)
        {
            int lanes = (int)Math.Min(TVector.Width, count - c);
            TVector logits = lanes == TVector.Width ? TVector.Load(z + c) : TVector.LoadPartial(z + c, lanes, value);
            int lane = TVector.FirstEqual(logits, value);
            if (lane < lanes) return c + lane;
        }

        // A row of NaNs: nothing equals anything.
        return 0;
    }
}

/// <summary>What the elements of a row are measured from: a value of the row, and the mean of the differences from it.</summary>
internal readonly record struct Centre(double Origin, double Mean);
