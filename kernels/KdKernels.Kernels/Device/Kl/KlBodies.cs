using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>What a block or a warp does with one valid row.</summary>
public interface IKlBody<T, TGroup>
    where T : unmanaged
    where TGroup : struct, IGroup
{
    KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors);
}

/// <summary><see cref="KlResident"/>.</summary>
public readonly struct KlResidentBody<T, TElement, TGroup, TMetrics, TSlots> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TMetrics : struct, IFlag
    where TSlots : unmanaged, ISlots<KlPair>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors) =>
        KlResident.Row<T, TElement, TGroup, TMetrics, TSlots>(a, ref group, row, factors);
}

/// <summary><see cref="KlStream"/>.</summary>
public readonly struct KlStreamBody<T, TElement, TGroup, TMetrics> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TMetrics : struct, IFlag
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors) =>
        KlStream.Row<T, TElement, TGroup, TMetrics>(a, ref group, row, factors);
}

/// <summary><see cref="KlPixels"/>.</summary>
public readonly struct KlPixelsBody<T, TElement, TMetrics> : IKlBody<T, ThreadGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TMetrics : struct, IFlag
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref ThreadGroup group, long row, KlFactors factors) =>
        KlPixels.Row<T, TElement, TMetrics>(a, row, factors);
}

/// <summary><see cref="KlGeneral"/> or, at T = ∞, <see cref="KlLimit"/>.</summary>
public readonly struct KlGeneralBody<T, TElement, TGroup, TMetrics> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TMetrics : struct, IFlag
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        var memory = KlRowMemory<T>.Of(a, row);
        return a.Limit != 0
            ? KlLimit.Row<T, TElement, TGroup, TMetrics>(a, ref group, element, memory, factors)
            : KlGeneral.Row<T, TElement, TGroup, TMetrics, On>(a, ref group, element, memory, factors);
    }
}
