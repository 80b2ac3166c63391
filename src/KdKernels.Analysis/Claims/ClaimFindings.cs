namespace KdKernels.Analysis.Claims;

/// <summary>What a claim's experiment found; <see cref="ClaimRun"/> makes the <see cref="ClaimResult"/> of it.</summary>
public sealed record ClaimFindings
{
    /// <summary>The first one is the claim's own; at least one decides.</summary>
    public required IReadOnlyList<ClaimStatistic> Statistics { get; init; }

    /// <summary>What the networks and their trainings were, in names and values that hold on any machine.</summary>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    /// <summary>Fingerprints of the data by what they are of.</summary>
    public required IReadOnlyDictionary<string, string> Data { get; init; }

    /// <summary>Further figures.</summary>
    public IReadOnlyList<ClaimDetail> Details { get; init; } = [];

    /// <summary>Sentences that a reader of the figures must know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Figures of one part.</summary>
/// <param name="Name">What they are of.</param>
/// <param name="Figures">By name; the unit is part of the name.</param>
public sealed record ClaimDetail(string Name, IReadOnlyDictionary<string, double> Figures);
