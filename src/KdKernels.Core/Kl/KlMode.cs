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
    /// <summary>Keep p̃ and x of every element for the gradient.</summary>
    static abstract bool Keep { get; }

    static abstract bool Weighted { get; }

    /// <summary>Entropies of both sides.</summary>
    static abstract bool Entropies { get; }
}

internal readonly struct KlMode<TKeep, TWeighted, TEntropies> : IKlMode
    where TKeep : struct, IFlag
    where TWeighted : struct, IFlag
    where TEntropies : struct, IFlag
{
    public static bool Keep => TKeep.Value;

    public static bool Weighted => TWeighted.Value;

    public static bool Entropies => TEntropies.Value;
}
