namespace KdKernels.Core;

/// <summary>A constant that the compiler sees.</summary>
internal interface IFlag
{
    static abstract bool Value { get; }
}

internal readonly struct On : IFlag
{
    public static bool Value => true;
}

internal readonly struct Off : IFlag
{
    public static bool Value => false;
}

/// <summary>
/// What a kernel does beyond the divergence; static, so that every combination is compiled on its own.
/// </summary>
internal interface IKlMode
{
    /// <summary>
    /// Carry the rounding error of t − s along, which only matters where all differences are nearly the same large number.
    /// </summary>
    static abstract bool Exact { get; }

    /// <summary>Keep what the gradient is made from.</summary>
    static abstract bool Keep { get; }

    static abstract bool Weighted { get; }

    /// <summary>Entropies of both sides.</summary>
    static abstract bool Entropies { get; }
}

internal readonly struct KlMode<TExact, TKeep, TWeighted, TEntropies> : IKlMode
    where TExact : struct, IFlag
    where TKeep : struct, IFlag
    where TWeighted : struct, IFlag
    where TEntropies : struct, IFlag
{
    public static bool Exact => TExact.Value;

    public static bool Keep => TKeep.Value;

    public static bool Weighted => TWeighted.Value;

    public static bool Entropies => TEntropies.Value;
}
