namespace KdKernels.Distillation.Training;

/// <summary>What an experiment found. Written to <c>summary.json</c>.</summary>
public sealed record ExperimentResult
{
    public required string Recipe { get; init; }

    /// <summary>The run folder, absolute.</summary>
    public required string Run { get; init; }

    /// <summary>Null where the recipe distils nothing.</summary>
    public NetworkResult? Teacher { get; init; }

    /// <summary>The students that saw only labels, one per repeat.</summary>
    public required IReadOnlyList<NetworkResult> Plain { get; init; }

    /// <summary>The taught students, in the order of <see cref="Plain"/>; empty where the recipe distils
    /// nothing.</summary>
    public required IReadOnlyList<NetworkResult> Distilled { get; init; }

    public required MeanAndDeviation PlainAccuracy { get; init; }

    public MeanAndDeviation? DistilledAccuracy { get; init; }

    /// <summary>Mean of distilled minus plain accuracy with its paired bootstrap interval over images and
    /// seeds.</summary>
    public BootstrapInterval? Difference { get; init; }

    /// <summary>The items that accuracies were measured on.</summary>
    public required int HeldOut { get; init; }

    /// <summary>What one of them is called.</summary>
    public string Item { get; init; } = "image";

    /// <summary>Time spent training and evaluating, over all sessions of a resumed run.</summary>
    public required double Seconds { get; init; }
}

/// <summary>One finished network, measured after its last epoch.</summary>
public sealed record NetworkResult
{
    /// <summary>The stage's name.</summary>
    public required string Name { get; init; }

    public required NetworkRole Role { get; init; }

    public required string Model { get; init; }

    public required long Parameters { get; init; }

    public required long Seed { get; init; }

    /// <summary>Epochs trained; 0 for a loaded network.</summary>
    public required int Epochs { get; init; }

    /// <summary>After the last epoch: choosing the best epoch by held-out accuracy would flatter every
    /// network.</summary>
    public required HeldOutMetrics HeldOut { get; init; }

    public required double Seconds { get; init; }
}

/// <summary>Mean and sample standard deviation (n − 1); the deviation is null for a single value.</summary>
public sealed record MeanAndDeviation(double Mean, double? Deviation, int Count)
{
    public static MeanAndDeviation Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("expected at least one value but got none", nameof(values));
        }

        double mean = values.Average();
        double? deviation = values.Count > 1
            ? Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1))
            : null;
        return new MeanAndDeviation(mean, deviation, values.Count);
    }
}

/// <summary>A difference of accuracies with a percentile bootstrap interval.</summary>
/// <param name="Value">The observed difference.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Level">Share of intervals that should contain the true difference: 0.95.</param>
/// <param name="Resamples">How many bootstrap samples were drawn.</param>
/// <param name="Seeds">Paired repeats that were resampled; with one, the interval covers images only.</param>
public sealed record BootstrapInterval(double Value, double Low, double High, double Level, int Resamples, int Seeds);
