using System.Text.Json.Serialization;

namespace KdKernels.Analysis.Claims;

/// <summary>What the numbers of a claim allow to be said.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ClaimVerdict>))]
public enum ClaimVerdict
{
    /// <summary>The interval reaches both sides of the threshold, touches it, or is not a number.</summary>
    [JsonStringEnumMemberName("inconclusive")]
    Inconclusive,

    /// <summary>The whole interval is on the claimed side of the threshold.</summary>
    [JsonStringEnumMemberName("holds")]
    Holds,

    /// <summary>The whole interval is on the other side.</summary>
    [JsonStringEnumMemberName("does not")]
    DoesNot,
}

/// <summary>On which side of its threshold a statistic is claimed to be.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ClaimSide>))]
public enum ClaimSide
{
    [JsonStringEnumMemberName("above")]
    Above,

    [JsonStringEnumMemberName("below")]
    Below,
}

/// <summary>The one rule by which every claim is judged.</summary>
public static class ClaimVerdicts
{
    /// <summary>The rule in words, as results state it.</summary>
    public const string Rule =
        "holds: the whole interval lies on the claimed side of the threshold; does not: it lies wholly on the other side; "
        + "else inconclusive. Of several statistics that decide, all must hold, and one that does not is enough against.";

    /// <summary>Of one interval. An end that touches the threshold does not exclude it.</summary>
    public static ClaimVerdict Of(double low, double high, double threshold, ClaimSide side)
    {
        ClaimVerdict above = low > threshold && high > threshold ? ClaimVerdict.Holds
            : low < threshold && high < threshold ? ClaimVerdict.DoesNot
            : ClaimVerdict.Inconclusive;
        return (side, above) switch
        {
            (ClaimSide.Below, ClaimVerdict.Holds) => ClaimVerdict.DoesNot,
            (ClaimSide.Below, ClaimVerdict.DoesNot) => ClaimVerdict.Holds,
            _ => above,
        };
    }

    /// <summary>Of a claim: over the statistics that decide.</summary>
    /// <exception cref="ArgumentException">None decides.</exception>
    public static ClaimVerdict Of(IReadOnlyList<ClaimStatistic> statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ClaimStatistic[] deciding = [.. statistics.Where(statistic => statistic.Decides)];
        return deciding switch
        {
            [] => throw new ArgumentException("expected at least one statistic that decides but got none", nameof(statistics)),
            _ when Array.Exists(deciding, statistic => statistic.Verdict == ClaimVerdict.DoesNot) => ClaimVerdict.DoesNot,
            _ when Array.TrueForAll(deciding, statistic => statistic.Verdict == ClaimVerdict.Holds) => ClaimVerdict.Holds,
            _ => ClaimVerdict.Inconclusive,
        };
    }

    /// <summary>As results write it: <c>holds</c>, <c>does not</c>, <c>inconclusive</c>.</summary>
    public static string Text(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Holds => "holds",
        ClaimVerdict.DoesNot => "does not",
        _ => "inconclusive",
    };
}
