using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// Double lanes that also read and write float memory: for sums whose terms are floats but whose result must not round
/// like one.
/// </summary>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
internal unsafe interface IWideVector<TSelf> : IVector<TSelf, double>
    where TSelf : unmanaged, IWideVector<TSelf>
{
    static abstract TSelf LoadSingle(float* source);

    /// <summary>The first <paramref name="count"/> lanes, 0 in the others; nothing else is read.</summary>
    static abstract TSelf LoadSinglePartial(float* source, int count);

    /// <summary>Writes the lanes, each rounded once.</summary>
    static abstract void StoreSingle(float* target, TSelf value);

    /// <summary>Writes the first <paramref name="count"/> lanes and nothing else.</summary>
    static abstract void StoreSinglePartial(float* target, int count, TSelf value);
}

/// <summary>Memory of either type under double lanes.</summary>
internal static unsafe class Wide<TVector, TElement>
    where TVector : unmanaged, IWideVector<TVector>
    where TElement : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load(TElement* source) => typeof(TElement) == typeof(float)
        ? TVector.LoadSingle((float*)source)
        : TVector.Load((double*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector LoadPartial(TElement* source, int count) => typeof(TElement) == typeof(float)
        ? TVector.LoadSinglePartial((float*)source, count)
        : TVector.LoadPartial((double*)source, count, TVector.Broadcast(0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TElement* target, TVector value)
    {
        if (typeof(TElement) == typeof(float))
            TVector.StoreSingle((float*)target, value);
        else
            TVector.Store((double*)target, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(TElement* target, int count, TVector value)
    {
        if (typeof(TElement) == typeof(float))
            TVector.StoreSinglePartial((float*)target, count, value);
        else
            TVector.StorePartial((double*)target, count, value);
    }
}
