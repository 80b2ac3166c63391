using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>A row in registers.</summary>
public readonly struct PairResidentBody<T, TElement, TGroup, TTerm, TGeneral, TSlots> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TTerm : struct, IPairTerm
    where TGeneral : struct, IKlBody<T, TGroup>
    where TSlots : unmanaged, ISlots<KlPair>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
    {
        PairRegisters<T, TElement, TGroup, TTerm, TSlots> walk = default;
        walk.Load(a, group, row, factors.Label);
        return PairEngine.Row<T, TElement, TGroup, TTerm, PairRegisters<T, TElement, TGroup, TTerm, TSlots>, TGeneral>(
            a, ref group, ref walk, row, factors);
    }
}

/// <summary>A row of any length.</summary>
public readonly struct PairStreamBody<T, TElement, TGroup, TTerm, TGeneral> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TTerm : struct, IPairTerm
    where TGeneral : struct, IKlBody<T, TGroup>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
    {
        PairStream<T, TElement, TGroup, TTerm> walk = default;
        walk.Begin(a, group, row, factors.Label);
        return PairEngine.Row<T, TElement, TGroup, TTerm, PairStream<T, TElement, TGroup, TTerm>, TGeneral>(
            a, ref group, ref walk, row, factors);
    }
}

/// <summary>A row whose neighbours lie beside it.</summary>
public readonly struct PairPixelBody<T, TElement, TTerm, TGeneral> : IKlBody<T, ThreadGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TTerm : struct, IPairTerm
    where TGeneral : struct, IKlBody<T, ThreadGroup>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref ThreadGroup group, long row, KlFactors factors)
    {
        PairPixel<T, TElement, TTerm> walk = default;
        walk.Begin(a, row, factors.Label);
        return PairEngine.Row<T, TElement, ThreadGroup, TTerm, PairPixel<T, TElement, TTerm>, TGeneral>(
            a, ref group, ref walk, row, factors);
    }
}

/// <summary><see cref="PairGeneral"/>.</summary>
public readonly struct PairGeneralBody<T, TElement, TGroup, TTerm> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TTerm : struct, IPairTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors) =>
        PairGeneral.Row<T, TElement, TGroup, TTerm>(a, ref group, row, factors);
}

/// <summary><see cref="PairGeneral"/> or, at T = ∞, <see cref="KlLimit"/>: a mixture's limit is the divergence's but for a factor.</summary>
public readonly struct PairLimitBody<T, TElement, TGroup, TTerm> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TTerm : struct, IPairTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        return a.Limit != 0
            ? KlLimit.Row<T, TElement, TGroup, Off>(a, ref group, element, KlRowMemory<T>.Of(a, row), factors)
            : PairGeneral.Row<T, TElement, TGroup, TTerm>(a, ref group, row, factors);
    }
}

/// <summary>KlGeneral with both gradients, as a body for rows whose sums are not finite.</summary>
public readonly struct PairKlBody<T, TElement, TGroup> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        return KlGeneral.Row<T, TElement, TGroup, Off, On>(a, ref group, element, KlRowMemory<T>.Of(a, row), factors);
    }
}
