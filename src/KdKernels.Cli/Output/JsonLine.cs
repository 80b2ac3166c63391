using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using KdKernels.Analysis.Points;
using KdKernels.Cli.Doctor;
using KdKernels.Distillation.Sweeps;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Output;

/// <summary>One object on one line, snake_case, readable: paths and names are not escaped for HTML.</summary>
internal static class JsonLine
{
    public static CliJson Types { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    });

    public static string Of<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);
}

[JsonSerializable(typeof(TrainOutcome))]
[JsonSerializable(typeof(EvalOutcome))]
[JsonSerializable(typeof(DoctorOutcome))]
[JsonSerializable(typeof(ListedName[]))]
[JsonSerializable(typeof(ListedOp[]))]
[JsonSerializable(typeof(OpOutcome))]
[JsonSerializable(typeof(SweepResult))]
[JsonSerializable(typeof(LossExplanation))]
[JsonSerializable(typeof(PointsResult))]
[JsonSerializable(typeof(ListedClaim[]))]
[JsonSerializable(typeof(AugmentOutcome))]
internal sealed partial class CliJson : JsonSerializerContext;
