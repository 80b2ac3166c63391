using System.Text.Json;
using System.Text.Json.Serialization;

namespace KdKernels.Bench.Harness;

/// <summary>How long and with how many threads to measure.</summary>
/// <param name="Threads">Of torch and of the kernels.</param>
/// <param name="Rounds">Rounds of a measurement.</param>
/// <param name="Slice">Time of one contender in one round.</param>
/// <param name="Budget">Fewer rounds are made where they would take longer than this.</param>
internal sealed record BenchOptions(int Threads, int Rounds, TimeSpan Slice, TimeSpan Budget);

/// <summary>One measured shape and mode; ratios are (time of the composed form) / (time of the fused op).</summary>
/// <param name="Op">The op's name in the console.</param>
/// <param name="Shape">Shape of the logits.</param>
/// <param name="Dtype">Element type.</param>
/// <param name="Mode"><c>forward</c> or <c>forward+backward</c>.</param>
/// <param name="Ratio">Against the fastest composed form.</param>
/// <param name="RatioPlain">Against the form that most code has.</param>
/// <param name="ShareOfBandwidth">Least possible traffic per second over the two-stream read bandwidth of the same run.</param>
/// <param name="MedianUs">Median microseconds of the fused op.</param>
internal sealed record BenchRecord(
    string Op, string Shape, string Dtype, string Mode, double Ratio, double RatioPlain, double ShareOfBandwidth, double MedianUs)
{
    /// <summary>The ratio to reach.</summary>
    public double? Target { get; init; }

    /// <summary>The share of the bandwidth to reach.</summary>
    public double? ShareTarget { get; init; }

    /// <summary>The fastest composed form.</summary>
    public string? Fastest { get; init; }

    /// <summary>Least possible traffic.</summary>
    public long Bytes { get; init; }

    /// <summary>The same per second, in 10^9.</summary>
    public double GigabytesPerSecond { get; init; }

    /// <summary>Ratios against forms that are not compared with.</summary>
    public IReadOnlyDictionary<string, double>? Beside { get; init; }

    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new FourDigits() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string ToJson() => JsonSerializer.Serialize(this, SnakeCase);

    // More digits than a noisy machine can repeat would only look precise.
    private sealed class FourDigits : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) =>
            writer.WriteRawValue(double.IsFinite(value) ? value.ToString("G4") : "null");
    }
}
