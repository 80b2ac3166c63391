using System.Text.Json.Serialization;
using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>What a measurement of knowledge points found; written to <c>points.json</c>, which is there only when it is whole.</summary>
public sealed record PointsResult
{
    public required string Version { get; init; }

    /// <summary>The recipes' names: of the run with the distilled students, and of that with the plain ones.</summary>
    public required string Distilled { get; init; }

    public required string Plain { get; init; }

    /// <summary>One sentence about the data.</summary>
    public required string Data { get; init; }

    public required string DataFingerprint { get; init; }

    public required string Model { get; init; }

    /// <summary>Null where no teacher was probed.</summary>
    public required string? TeacherModel { get; init; }

    public required PointsSettings Settings { get; init; }

    public required IReadOnlyList<string> Layers { get; init; }

    public required IReadOnlyList<int> Epochs { get; init; }

    /// <summary>Positions of the probed items in the held-out set.</summary>
    public required IReadOnlyList<int> Items { get; init; }

    /// <summary>Units of foreground and of background, mean per item.</summary>
    public required double ForegroundUnits { get; init; }

    public required double BackgroundUnits { get; init; }

    public required IReadOnlyList<PointsPair> Pairs { get; init; }

    /// <summary>Per layer, and over all layers under the name <c>all</c>.</summary>
    public required IReadOnlyList<PointsRow> Rows { get; init; }

    public required IReadOnlyList<PointsCurve> Curves { get; init; }

    /// <summary>The rows over all layers at other thresholds b.</summary>
    public required IReadOnlyList<PointsVariant> Thresholds { get; init; }

    /// <summary>The same under other settings of the probe, from the last checkpoint alone; empty where none was asked for.</summary>
    public required IReadOnlyList<PointsVariant> Variants { get; init; }

    public required IReadOnlyList<PointsTeacher> Teacher { get; init; }

    /// <summary>Share of the probed items whose mean entropy reached the target, over everything that was probed.</summary>
    public required double Reached { get; init; }

    /// <summary>Share of units whose σ ended at a clamp.</summary>
    public required double Clamped { get; init; }

    /// <summary>Time of the probing, over all sessions.</summary>
    public required double Seconds { get; init; }
}

/// <summary>How many items of a pair of networks were effective at a layer.</summary>
public sealed record PointsPair(int Repeat, string Layer, int EffectiveItems, int Items, double DistilledForeground, double PlainForeground);

/// <summary>One quantity of distilled and plain networks.</summary>
/// <param name="Layer">Or <c>all</c>, the mean over the layers.</param>
/// <param name="Statistic"><c>N_fg</c>, <c>N_bg</c>, <c>lambda</c>, <c>D_mean</c>, <c>D_std</c>, <c>D_var</c>, <c>rho</c>.</param>
/// <param name="Hypothesis">1, 2 or 3; 0 where it is only reported.</param>
/// <param name="Higher">Whether distillation is claimed to raise it.</param>
/// <param name="Distilled">Mean over pairs.</param>
/// <param name="Plain">Mean over pairs.</param>
/// <param name="Difference">Distilled minus plain.</param>
public sealed record PointsRow(
    string Layer, string Statistic, int Hypothesis, bool Higher, double Distilled, double Plain, BootstrapInterval Difference);

/// <summary>Means over effective items and pairs at every checkpoint.</summary>
public sealed record PointsCurve(
    string Layer,
    string Network,
    IReadOnlyList<double> Foreground,
    IReadOnlyList<double> Background,
    IReadOnlyList<double> Learned,
    IReadOnlyList<double> Forgotten,
    IReadOnlyList<double> BackgroundMean);

/// <summary>The rows under one changed setting.</summary>
public sealed record PointsVariant(string Setting, double Value, IReadOnlyList<PointsRow> Rows);

/// <summary>The teacher's points at its last checkpoint, mean over items.</summary>
public sealed record PointsTeacher(string Layer, double Foreground, double Background, double Ratio);

/// <summary>The JSON of measurements: snake_case; a NaN is text.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(PointsResult))]
[JsonSerializable(typeof(PointsDescription))]
[JsonSerializable(typeof(ProbePart))]
internal sealed partial class PointsJson : JsonSerializerContext;
