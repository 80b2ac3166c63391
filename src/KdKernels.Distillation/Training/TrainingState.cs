using System.Text.Json;
using System.Text.Json.Serialization;

namespace KdKernels.Distillation.Training;

/// <summary>Everything a training needs to go on, besides weights and optimiser state: randomness is a function of
/// seed, epoch and index.</summary>
internal sealed record TrainingState
{
    public required string Stage { get; init; }

    /// <summary>Of the recipe and the data; another one's checkpoint is refused.</summary>
    public required string Experiment { get; init; }

    /// <summary>Complete epochs.</summary>
    public required int Epoch { get; init; }

    /// <summary>Steps done in the epoch that has begun.</summary>
    public required int Step { get; init; }

    /// <summary>Of the epoch that has begun.</summary>
    public required EpochMeter Meter { get; init; }

    /// <summary>Training and evaluation time so far, over all sessions.</summary>
    public required double Seconds { get; init; }

    /// <summary>Best held-out accuracy so far; null before the first evaluation.</summary>
    public required double? Best { get; init; }

    public required IReadOnlyList<EpochRecord> History { get; init; }

    /// <summary>How far the weights of traced layers have gone; null where none is traced.</summary>
    public IReadOnlyDictionary<string, WeightPath>? Paths { get; init; }
}

/// <summary>Sums over the training images of an epoch.</summary>
internal sealed class EpochMeter
{
    public int Images { get; set; }

    public double Loss { get; set; }

    public double CrossEntropy { get; set; }

    public double Distillation { get; set; }

    public long Hits { get; set; }

    public long Agreements { get; set; }

    /// <summary>Images of the batches in which the teacher was asked.</summary>
    public int Compared { get; set; }

    /// <summary>Sums of the methods' terms by name.</summary>
    public SortedDictionary<string, double> Terms { get; set; } = new(StringComparer.Ordinal);

    public void Add(int images, LossTerms loss, long hits, long? agreements)
    {
        Images += images;
        Loss += images * loss.Total;
        CrossEntropy += images * loss.CrossEntropy;
        Distillation += images * (loss.Distillation ?? 0);
        Hits += hits;
        Agreements += agreements ?? 0;
        Compared += agreements is null ? 0 : images;
        foreach ((string name, double value) in loss.Terms ?? Enumerable.Empty<KeyValuePair<string, double>>())
        {
            Terms[name] = Terms.GetValueOrDefault(name) + images * value;
        }
    }

    // A teacher that speaks in some steps only has its terms averaged over all of them.
    public LossTerms Means() => new(
        Loss / Images,
        CrossEntropy / Images,
        Terms.Count == 0 ? null : Distillation / Images,
        Terms.Count == 0
            ? null
            : new SortedDictionary<string, double>(
                Terms.ToDictionary(term => term.Key, term => term.Value / Images, StringComparer.Ordinal), StringComparer.Ordinal));
}

/// <summary>One epoch as it stands in <c>metrics.jsonl</c> and in checkpoints.</summary>
internal sealed record EpochRecord(
    string Event,
    string Stage,
    int Epoch,
    double LearningRate,
    double? Temperature,
    double? Alpha,
    double Loss,
    double CrossEntropy,
    double? Distillation,
    double TrainAccuracy,
    double? TrainAgreement,
    HeldOutMetrics? HeldOut,
    double Seconds,
    double ImagesPerSecond,
    IReadOnlyDictionary<string, double>? Terms = null)
{
    public static EpochRecord Of(EpochInfo info) => new(
        "epoch",
        info.Stage.Name,
        info.Epoch,
        info.LearningRate,
        info.Temperature,
        info.Alpha,
        info.Loss.Total,
        info.Loss.CrossEntropy,
        info.Loss.Distillation,
        info.TrainAccuracy,
        info.TrainAgreement,
        info.HeldOut,
        info.Seconds,
        info.ImagesPerSecond,
        info.Loss.Terms);
}

/// <summary>One step as it stands in <c>metrics.jsonl</c>.</summary>
internal sealed record StepRecord(
    string Event,
    string Stage,
    int Epoch,
    int Step,
    double LearningRate,
    double Loss,
    double CrossEntropy,
    double? Distillation,
    double ImagesPerSecond,
    IReadOnlyDictionary<string, double>? Terms = null)
{
    public static StepRecord Of(StepInfo info) => new(
        "step",
        info.Stage.Name,
        info.Epoch,
        info.Step,
        info.LearningRate,
        info.Loss.Total,
        info.Loss.CrossEntropy,
        info.Loss.Distillation,
        info.ImagesPerSecond,
        info.Loss.Terms);
}

/// <summary>The JSON of run folders: snake_case, and infinities (a temperature may be one) as text.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(NetworkRoleConverter)])]
[JsonSerializable(typeof(TrainingState))]
[JsonSerializable(typeof(EpochRecord))]
[JsonSerializable(typeof(StepRecord))]
[JsonSerializable(typeof(ExperimentResult))]
[JsonSerializable(typeof(RunEnvironment))]
internal sealed partial class RunJson : JsonSerializerContext;

internal sealed class NetworkRoleConverter() : JsonStringEnumConverter<NetworkRole>(JsonNamingPolicy.SnakeCaseLower);
