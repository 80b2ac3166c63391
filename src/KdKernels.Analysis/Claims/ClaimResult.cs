using System.Text.Json;

namespace KdKernels.Analysis.Claims;

/// <summary>What a claim came to; written to <c>claim.json</c>. It names no machine, no path and no time of day.</summary>
public sealed record ClaimResult
{
    public required string Name { get; init; }

    public required string Hypothesis { get; init; }

    public required string Paper { get; init; }

    public required ClaimSetting Setting { get; init; }

    public required ClaimVerdict Verdict { get; init; }

    /// <summary>How verdicts come about.</summary>
    public required string Rule { get; init; }

    /// <summary>The claim's own statistic first.</summary>
    public required IReadOnlyList<ClaimStatistic> Statistics { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    public required IReadOnlyList<ClaimDetail> Details { get; init; }

    public required IReadOnlyList<ClaimPartTime> Parts { get; init; }

    /// <summary>Fingerprints of the data by what they are of.</summary>
    public required IReadOnlyDictionary<string, string> Data { get; init; }

    /// <summary>Version of this library.</summary>
    public required string Library { get; init; }

    /// <summary>UTC, <c>yyyy-MM-dd</c>.</summary>
    public required string Date { get; init; }

    /// <summary>Of all parts.</summary>
    public required double Seconds { get; init; }

    /// <summary>One JSON object on one line, with the keys and values of <c>claim.json</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ClaimJson.Compact);
}

/// <summary>The setting that a claim was run in.</summary>
/// <param name="Kind"><c>reduced</c> or <c>full</c>.</param>
/// <param name="Description">What that is.</param>
/// <param name="Seeds">Paired repeats.</param>
/// <param name="Overrides">What the user changed.</param>
/// <param name="Parameters">Networks and trainings.</param>
public sealed record ClaimSetting(
    string Kind,
    string Description,
    int Seeds,
    IReadOnlyList<string> Overrides,
    IReadOnlyDictionary<string, string> Parameters);

/// <summary>How long a part took.</summary>
public sealed record ClaimPartTime(string Name, double Seconds);
