using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>One op on operands of one shape and element type, in all its modes.</summary>
/// <param name="Op">As in the console: <c>tempered-kl</c>.</param>
/// <param name="Type">Of the operands that count.</param>
/// <param name="Shape">What a reader knows the case by.</param>
internal sealed record GpuCase(string Op, KdElementType Type, IReadOnlyList<long> Shape)
{
    /// <summary>What tells cases of one shape and type apart: <c>nhwc</c>, <c>tf32</c>; empty where nothing has to.</summary>
    public string Form { get; init; } = "";

    /// <summary>The op's settings by the names that the peers read.</summary>
    public required GpuSettings Settings { get; init; }

    public required IReadOnlyList<GpuTensor> Inputs { get; init; }

    public required IReadOnlyList<GpuMode> Modes { get; init; }

    public override string ToString() =>
        $"{Op} [{string.Join(',', Shape)}] {GpuNames.Of(Type)}{(Form.Length > 0 ? " " + Form : "")}";
}

/// <summary>One way of calling an op.</summary>
/// <param name="Name"><see cref="Forward"/>, <see cref="WithGradient"/> or <see cref="Backward"/>.</param>
/// <param name="Outputs">What it writes.</param>
/// <param name="Bytes">The least traffic: every input that it needs read once, every output written once; what is as small
/// as a scalar does not count.</param>
/// <param name="Call">Calls the library's own op, on whatever device the operands lie.</param>
internal sealed record GpuMode(string Name, IReadOnlyList<GpuTensor> Outputs, long Bytes, Action<CaseMemory> Call)
{
    /// <summary>The result alone.</summary>
    public const string Forward = "forward";

    /// <summary>The result and all gradients, however many launches that takes.</summary>
    public const string WithGradient = "forward+gradient";

    /// <summary>The gradients alone, for a given upstream gradient.</summary>
    public const string Backward = "backward";

    /// <summary>Multiplications and additions, where they and not the bytes may bound the op.</summary>
    public long Flops { get; init; }
}

/// <summary>Settings of an op by name: numbers, words, truth values, or arrays of numbers.</summary>
internal sealed class GpuSettings() : Dictionary<string, object>(StringComparer.Ordinal);

/// <summary>Names as the peers, the manifest and the records have them.</summary>
internal static class GpuNames
{
    public static string Of(KdElementType type) => type.ToString().ToLowerInvariant();
}
