using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Tests;

/// <summary>
/// Inputs and results of small cases, computed by the library's CPU implementation, in a file that the Python harness's tests
/// compare with their float64 references: both sides must mean the same op.
/// </summary>
internal static class CpuResults
{
    // What Python reads in a moment.
    private const long MostBytes = 6_000_000;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static byte[] Make() =>
        JsonSerializer.SerializeToUtf8Bytes(GpuCases.Of().Where(IsSmall).Select(Compute).ToArray(), Json);

    private static bool IsSmall(GpuCase one) =>
        one.Type == KdElementType.Float32 && one.Inputs.Sum(input => input.Bytes) <= MostBytes;

    private static CpuResult Compute(GpuCase one)
    {
        GpuMode mode = one.Modes.FirstOrDefault(mode => mode.Name == GpuMode.WithGradient) ?? one.Modes[0];
        using var memory = new CpuMemory(one.Inputs.Concat(mode.Outputs));
        var random = new Random(7);
        foreach (GpuTensor input in one.Inputs) Fill(memory, input, one.Inputs, random);
        mode.Call(memory);
        return new CpuResult(
            one.ToString(), mode.Name, one.Inputs.Concat(mode.Outputs).ToDictionary(
                tensor => tensor.Name, tensor => Convert.ToBase64String(memory.Bytes(tensor)), StringComparer.Ordinal));
    }

    private static void Fill(CpuMemory memory, GpuTensor input, IReadOnlyList<GpuTensor> all, Random random)
    {
        Draw how = input.Draw!;
        switch (input.Type)
        {
            case KdElementType.Int64:
                foreach (ref long value in MemoryMarshal.Cast<byte, long>(memory.Bytes(input))) value = random.NextInt64((long)how.High!);
                break;
            case KdElementType.Bool:
                foreach (ref byte value in memory.Bytes(input)) value = random.NextDouble() < how.Scale ? (byte)1 : (byte)0;
                break;
            default:
                Span<float> values = MemoryMarshal.Cast<byte, float>(memory.Bytes(input));
                ReadOnlySpan<float> near = how.Of is null
                    ? values
                    : MemoryMarshal.Cast<byte, float>(memory.Bytes(all.Single(other => other.Name == how.Of)));
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = how.Kind switch
                    {
                        "normal" => (float)(how.Scale!.Value * Normal(random)),
                        "near" => (float)((how.Weight!.Value * near[i]) + (how.Scale!.Value * Normal(random))),
                        "uniform" => (float)(how.Low!.Value + ((how.High!.Value - how.Low.Value) * random.NextDouble())),
                        "unit-rows" => (float)Normal(random),
                        "fill" => (float)how.Scale!.Value,
                        _ => throw new InvalidOperationException($"expected a known way of drawing but got {how}"),
                    };
                }

                if (how.Kind == "unit-rows") Normalize(values, (int)input.Shape[^1]);
                break;
        }
    }

    private static void Normalize(Span<float> values, int length)
    {
        for (int start = 0; start < values.Length; start += length)
        {
            Span<float> row = values.Slice(start, length);
            double norm = 0;
            foreach (float value in row) norm += (double)value * value;
            foreach (ref float value in row) value = (float)(value / Math.Sqrt(norm));
        }
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private sealed record CpuResult(string Case, string Mode, [property: JsonPropertyName("tensors")] Dictionary<string, string> Values);
}
