using System.Text.Json.Serialization;

namespace KdKernels.Bench.Results;

/// <summary>One op, shape, dtype, mode and provider as measured on a GPU; bench/results/README.md explains every
/// field.</summary>
internal sealed record GpuRecord
{
    public required string Op { get; init; }

    public required long[] Shape { get; init; }

    public required string Dtype { get; init; }

    /// <summary>What tells cases of one shape and dtype apart, such as <c>nhwc</c>; mostly empty.</summary>
    public string Form { get; init; } = "";

    /// <summary><c>forward</c>, <c>forward+gradient</c>, <c>backward</c> or <c>autograd</c>.</summary>
    public required string Mode { get; init; }

    public required string Provider { get; init; }

    [JsonPropertyName("p20_us")]
    public required double P20 { get; init; }

    [JsonPropertyName("p50_us")]
    public required double P50 { get; init; }

    [JsonPropertyName("p80_us")]
    public required double P80 { get; init; }

    public double? Launches { get; init; }

    public long BytesMin { get; init; }

    public double? PctCopy { get; init; }

    public double? HostUs { get; init; }

    public double? RelErr { get; init; }

    public double? GradRelErr { get; init; }

    public long? PeakExtraBytes { get; init; }

    /// <summary><c>cold</c>: every read comes from memory; <c>warm</c>: the inputs may be in L2.</summary>
    public string Cache { get; init; } = "cold";

    /// <summary><c>graph</c>, <c>events</c> or <c>wall</c>.</summary>
    public string Method { get; init; } = "";

    public string Variant { get; init; } = "";

    /// <summary>The <see cref="GpuMachine.Id"/> that it was measured on.</summary>
    public required string Fingerprint { get; init; }

    [JsonIgnore]
    public string ShapeText => $"[{string.Join(", ", Shape)}]{(Form.Length > 0 ? " " + Form : "")}";
}

/// <summary>Where records were measured: the first line of their file.</summary>
internal sealed record GpuMachine
{
    public required string Id { get; init; }

    public required string Gpu { get; init; }

    public required string Driver { get; init; }

    public required string Utc { get; init; }

    public double? CopyGbPerS { get; init; }

    public double? ReadGbPerS { get; init; }

    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>(
        StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Build { get; init; } = new Dictionary<string, string>(
        StringComparer.Ordinal);
}

/// <summary>The records of one file, which all have one machine.</summary>
internal sealed record GpuRun(GpuMachine Machine, IReadOnlyList<GpuRecord> Records);
