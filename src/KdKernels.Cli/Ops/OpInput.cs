using System.Text.Json.Serialization;

namespace KdKernels.Cli.Ops;

/// <summary>What an input holds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OpInputKind>))]
internal enum OpInputKind
{
    /// <summary>float16, float32 or float64.</summary>
    [JsonStringEnumMemberName("float")]
    Float,

    /// <summary>int32 or int64.</summary>
    [JsonStringEnumMemberName("integer")]
    Integer,

    /// <summary>Integers of which all but 0 mean yes.</summary>
    [JsonStringEnumMemberName("mask")]
    Mask,
}

/// <summary>An input of an op.</summary>
/// <param name="Name">As in <c>--in NAME=FILE</c>.</param>
/// <param name="Shape">Such as <c>[B, C]</c>.</param>
/// <param name="Description">What it is.</param>
internal sealed record OpInput(string Name, string Shape, string Description)
{
    public OpInputKind Kind { get; init; }

    /// <summary>It may be left out.</summary>
    public bool Optional { get; init; }

    /// <summary>It gets a gradient: floats, unless said otherwise.</summary>
    public bool Differentiable
    {
        get => field && Kind == OpInputKind.Float;
        init;
    }

    = true;
}
