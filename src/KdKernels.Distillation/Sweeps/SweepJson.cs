using System.Text.Json.Serialization;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Sweeps;

/// <summary>The JSON of sweep folders.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    WriteIndented = true,
    Converters = [typeof(NetworkRoleConverter)])]
[JsonSerializable(typeof(SweepEntryResult))]
[JsonSerializable(typeof(SweepResult))]
internal sealed partial class SweepJson : JsonSerializerContext;
