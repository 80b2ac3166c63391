namespace KdKernels.Analysis.Claims;

/// <summary>An interval of a statistic.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Level">Share of such intervals that should contain the true value: 0.95.</param>
/// <param name="Method">How it was made, in words.</param>
public sealed record ClaimInterval(double Low, double High, double Level, string Method);

/// <summary>A number with its interval and what it was made of; <see cref="As"/> says what it means.</summary>
/// <param name="Value">The observed value.</param>
/// <param name="Interval">Its interval.</param>
/// <param name="Seeds">Paired repeats.</param>
/// <param name="Items">Items that were measured; 1 where only the repeats count.</param>
public sealed record ClaimEstimate(double Value, ClaimInterval Interval, int Seeds, int Items)
{
    /// <summary>The estimate as a statistic of a claim.</summary>
    /// <param name="name">What it is, in words.</param>
    /// <param name="unit">Of the value and of the interval's ends.</param>
    /// <param name="side">Where it is claimed to be.</param>
    /// <param name="threshold">Of what.</param>
    /// <param name="decides">False for a figure that informs and does not count for the verdict.</param>
    public ClaimStatistic As(string name, string unit, ClaimSide side, double threshold = 0, bool decides = true) => new()
    {
        Name = name,
        Unit = unit,
        Estimate = Value,
        Interval = Interval,
        Side = side,
        Threshold = threshold,
        Decides = decides,
        Seeds = Seeds,
        Items = Items,
    };
}

/// <summary>One number that a claim is about.</summary>
public sealed record ClaimStatistic
{
    public required string Name { get; init; }

    public required string Unit { get; init; }

    public required double Estimate { get; init; }

    public required ClaimInterval Interval { get; init; }

    /// <summary>Where the claim says that it is.</summary>
    public required ClaimSide Side { get; init; }

    public required double Threshold { get; init; }

    /// <summary>False where it only informs.</summary>
    public required bool Decides { get; init; }

    public required int Seeds { get; init; }

    /// <summary>n: held-out items, or whatever else was resampled besides the seeds; 1 where nothing was.</summary>
    public required int Items { get; init; }

    public ClaimVerdict Verdict => ClaimVerdicts.Of(Interval.Low, Interval.High, Threshold, Side);
}
