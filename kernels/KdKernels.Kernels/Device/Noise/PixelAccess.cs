using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>What a thread holds of a step: the σ of four or eight units, and their masks.</summary>
public struct PixelSlot
{
    public U4 Sigma;
    public uint LowMask;
    public uint HighMask;
}

/// <summary>Which units of a step a thread has, and how they come and go. A step is four slots of every thread.</summary>
public interface IPixelAccess<T>
    where T : unmanaged
{
    /// <summary>Units of a slot.</summary>
    int PerSlot { get; }

    /// <summary>Units behind the last whole slot, which are taken one by one.</summary>
    int Rest(long units);

    /// <summary>Whether a slot of this thread has units.</summary>
    bool Has(long step, int slot, long units);

    /// <summary>The σ of a slot, or of another one where there is none: no branch stands between the loads of a step.</summary>
    U4 LoadSigma(in PixelEntropyArguments<T> a, long step, int index);

    /// <summary>The masks of a slot, likewise.</summary>
    void LoadMasks(in PixelEntropyArguments<T> a, long step, int index, ref PixelSlot slot);

    void Each<TVisitor>(in PixelSlot slot, ref TVisitor visitor)
        where TVisitor : struct, IPairVisitor;

    EightFloats LoadUpstream(in PixelEntropyArguments<T> a, long step, int index);

    void StoreMap(in PixelEntropyArguments<T> a, long step, int index, in EightFloats values);

    void StoreGradient(in PixelEntropyArguments<T> a, long step, int index, EightFloats values);
}

/// <summary>Sixteen bytes of σ at a time, at multiples of 16 bytes; map and upstream alike, and a vector's masks in one load.</summary>
public struct PixelVectors<T, TElement> : IPixelAccess<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    public readonly int PerSlot => default(TElement).PerVector;

    public readonly int Rest(long units) => (int)units & (PerSlot - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Has(long step, int slot, long units) => First(step, slot) + PerSlot <= units;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly U4 LoadSigma(in PixelEntropyArguments<T> a, long step, int index) =>
        default(TElement).LoadVector(ref a.Sigma[Safe(a, step, index)]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void LoadMasks(in PixelEntropyArguments<T> a, long step, int index, ref PixelSlot slot)
    {
        var masks = MaskPair.Of(ref a.Foreground[Safe(a, step, index)], PerSlot);
        slot.LowMask = masks.Low;
        slot.HighMask = masks.High;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Each<TVisitor>(in PixelSlot slot, ref TVisitor visitor)
        where TVisitor : struct, IPairVisitor
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        element.Each(slot.Sigma, slot.Sigma, ref visitor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EightFloats LoadUpstream(in PixelEntropyArguments<T> a, long step, int index)
    {
        long first = First(step, index);
        EightFloats values = default;
        values.Low = EightFloats.Four(Ptx.LoadOnce(ref a.Upstream[first]));
        if (PerSlot == 8) values.High = EightFloats.Four(Ptx.LoadOnce(ref a.Upstream[first + 4]));
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreMap(in PixelEntropyArguments<T> a, long step, int index, in EightFloats values)
    {
        long first = First(step, index);
        Ptx.StoreStreaming(ref a.Map[first], EightFloats.Bits(values.Low));
        if (PerSlot == 8) Ptx.StoreStreaming(ref a.Map[first + 4], EightFloats.Bits(values.High));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreGradient(in PixelEntropyArguments<T> a, long step, int index, EightFloats values)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        U4 none = default;
        element.StoreVector(ref a.Gradient[First(step, index)], element.Map(none, none, ref values));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly long Safe(in PixelEntropyArguments<T> a, long step, int index) =>
        Has(step, index, a.Sigma.Length) ? First(step, index) : 0L;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly long First(long step, int index) =>
        (step * (4 * PixelKernels.Threads * PerSlot)) + (((index * PixelKernels.Threads) + Group.IdxX) * PerSlot);
}

/// <summary>One unit at a time, neighbouring threads neighbouring units, at any address.</summary>
public struct PixelElements<T, TElement> : IPixelAccess<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    public readonly int PerSlot => 4;

    public readonly int Rest(long units) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Has(long step, int slot, long units) => First(step, slot) < units;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly U4 LoadSigma(in PixelEntropyArguments<T> a, long step, int index)
    {
        long first = First(step, index);
        U4 sigma;
        sigma.X = Bits(a, first);
        sigma.Y = Bits(a, first + PixelKernels.Threads);
        sigma.Z = Bits(a, first + (2 * PixelKernels.Threads));
        sigma.W = Bits(a, first + (3 * PixelKernels.Threads));
        return sigma;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void LoadMasks(in PixelEntropyArguments<T> a, long step, int index, ref PixelSlot slot)
    {
        long first = First(step, index);
        slot.LowMask = Mask(a, first) | (Mask(a, first + PixelKernels.Threads) << 8)
            | (Mask(a, first + (2 * PixelKernels.Threads)) << 16) | (Mask(a, first + (3 * PixelKernels.Threads)) << 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Each<TVisitor>(in PixelSlot slot, ref TVisitor visitor)
        where TVisitor : struct, IPairVisitor => default(Float32).Each(slot.Sigma, slot.Sigma, ref visitor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly EightFloats LoadUpstream(in PixelEntropyArguments<T> a, long step, int index)
    {
        long first = First(step, index);
        EightFloats values = default;
        values.Low.A = Ptx.LoadReadOnly(ref a.Upstream[first]);
        if (first + PixelKernels.Threads < Units(a)) values.Low.B = Ptx.LoadReadOnly(ref a.Upstream[first + PixelKernels.Threads]);
        if (first + (2 * PixelKernels.Threads) < Units(a))
            values.Low.C = Ptx.LoadReadOnly(ref a.Upstream[first + (2 * PixelKernels.Threads)]);
        if (first + (3 * PixelKernels.Threads) < Units(a))
            values.Low.D = Ptx.LoadReadOnly(ref a.Upstream[first + (3 * PixelKernels.Threads)]);
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreMap(in PixelEntropyArguments<T> a, long step, int index, in EightFloats values)
    {
        long first = First(step, index);
        a.Map[first] = values.Low.A;
        if (first + PixelKernels.Threads < Units(a)) a.Map[first + PixelKernels.Threads] = values.Low.B;
        if (first + (2 * PixelKernels.Threads) < Units(a)) a.Map[first + (2 * PixelKernels.Threads)] = values.Low.C;
        if (first + (3 * PixelKernels.Threads) < Units(a)) a.Map[first + (3 * PixelKernels.Threads)] = values.Low.D;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreGradient(in PixelEntropyArguments<T> a, long step, int index, EightFloats values)
    {
        long first = First(step, index);
        Store(a, first, values.Low.A);
        Store(a, first + PixelKernels.Threads, values.Low.B);
        Store(a, first + (2 * PixelKernels.Threads), values.Low.C);
        Store(a, first + (3 * PixelKernels.Threads), values.Low.D);
    }

    private static long Units(in PixelEntropyArguments<T> a) => a.Sigma.Length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(in PixelEntropyArguments<T> a, long at, float value)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        if (at < Units(a)) element.Store(ref a.Gradient[at], value);
    }

    /// <summary>float32 bits of a unit; 1, whose logarithm is 0, behind the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bits(in PixelEntropyArguments<T> a, long at)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        bool exists = at < Units(a);
        float sigma = element.Load(ref a.Sigma[exists ? at : 0L]);
        return Interop.FloatAsInt(exists ? sigma : 1f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Mask(in PixelEntropyArguments<T> a, long at)
    {
        bool exists = at < Units(a);
        uint mask = a.Foreground[exists ? at : 0L];
        return exists ? mask : 1u;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long First(long step, int index) =>
        (step * (16 * PixelKernels.Threads)) + (index * 4 * PixelKernels.Threads) + Group.IdxX;
}
