using System.Runtime.InteropServices;
using KdKernels.Distillation.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary>Arrays of files as tensors, and back.</summary>
internal static class OpTensors
{
    /// <summary>What floating-point inputs can be converted to, by name.</summary>
    public static IReadOnlyDictionary<string, ScalarType> Types { get; } = new Dictionary<string, ScalarType>(StringComparer.Ordinal)
    {
        ["float16"] = ScalarType.Float16,
        ["bfloat16"] = ScalarType.BFloat16,
        ["float32"] = ScalarType.Float32,
        ["float64"] = ScalarType.Float64,
    };

    /// <summary>Integers become int64, masks bool, floats keep their type.</summary>
    public static Tensor Of(NpyArray array, OpInputKind kind)
    {
        long[] shape = [.. array.Shape];
        if (kind == OpInputKind.Float)
        {
            ScalarType type = array.Type switch
            {
                NpyType.F2 => ScalarType.Float16,
                NpyType.F4 => ScalarType.Float32,
                _ => ScalarType.Float64,
            };
            return Filled(shape, type, array.Data.ToArray());
        }

        Tensor integers = Filled(shape, ScalarType.Int64, MemoryMarshal.AsBytes(array.ToInt64s().AsSpan()));
        return kind == OpInputKind.Mask ? integers != 0 : integers;
    }

    /// <summary>A tensor's elements; booleans and integers as int64, bfloat16, which the format lacks, as float32.</summary>
    public static NpyArray ToArray(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = tensor.detach().cpu();
        (ScalarType stored, NpyType type) = values.dtype switch
        {
            ScalarType.Float16 => (ScalarType.Float16, NpyType.F2),
            ScalarType.BFloat16 or ScalarType.Float32 => (ScalarType.Float32, NpyType.F4),
            ScalarType.Float64 => (ScalarType.Float64, NpyType.F8),
            _ => (ScalarType.Int64, NpyType.I8),
        };
        return new NpyArray(type, tensor.shape, values.to(stored).contiguous().bytes.ToArray());
    }

    private static Tensor Filled(long[] shape, ScalarType type, Span<byte> data)
    {
        Tensor tensor = empty(shape, type);
        if (!data.IsEmpty) tensor.bytes = data;
        return tensor;
    }
}
