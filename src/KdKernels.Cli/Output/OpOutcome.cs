using System.Text.Json.Serialization;
using KdKernels.Distillation.Formats;

namespace KdKernels.Cli.Output;

/// <summary>What <c>kd op</c> prints on one line.</summary>
internal sealed record OpOutcome(
    string Op,
    string Impl,
    string Device,
    IReadOnlyDictionary<string, string> Settings,
    IReadOnlyDictionary<string, WrittenArray> Outputs,
    IReadOnlyDictionary<string, WrittenArray> Gradients);

/// <summary>An array that was written.</summary>
/// <param name="File">Its path.</param>
/// <param name="Dtype">As in the file, such as <c>&lt;f4</c>.</param>
/// <param name="Shape">Empty for a scalar.</param>
/// <param name="Value">The number, where there is only one; text where JSON has no such number.</param>
internal sealed record WrittenArray(string File, string Dtype, IReadOnlyList<long> Shape, double? Value)
{
    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public double? Value { get; init; } = Value;

    public static WrittenArray Write(string path, NpyArray array)
    {
        NpyFile.Write(path, array);
        return new(path, array.Type.Name(), array.Shape, array.Count == 1 ? array.ToDoubles()[0] : null);
    }
}
