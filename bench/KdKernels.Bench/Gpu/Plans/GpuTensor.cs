using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>An operand of a measured case, dense. Two of the same description are still two operands.</summary>
internal sealed class GpuTensor
{
    private GpuTensor(string name, KdElementType type, long[] shape)
    {
        Name = name;
        Type = type;
        Shape = shape;
    }

    /// <summary>As the peers know it: <c>student</c>, <c>loss</c>.</summary>
    public string Name { get; }

    public KdElementType Type { get; }

    public IReadOnlyList<long> Shape { get; }

    /// <summary>How it is filled; null for an output.</summary>
    public Draw? Draw { get; private init; }

    /// <summary>The input whose gradient it is; null for anything else.</summary>
    public GpuTensor? GradientOf { get; private init; }

    /// <summary>Whether a [N, C, H, W] lies in memory as [N, H, W, C].</summary>
    public bool ChannelsLast { get; private init; }

    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    public long Bytes => Elements * SizeOf(Type);

    public static GpuTensor Input(string name, Draw draw, KdElementType type, params long[] shape) =>
        new(name, type, shape) { Draw = draw };

    public static GpuTensor Output(string name, KdElementType type, params long[] shape) => new(name, type, shape);

    /// <summary>The gradient of an input, in its layout.</summary>
    public static GpuTensor Gradient(GpuTensor of) =>
        new($"{of.Name}_gradient", of.Type, [.. of.Shape]) { GradientOf = of, ChannelsLast = of.ChannelsLast };

    /// <summary>The same operand with its channels side by side.</summary>
    public GpuTensor InChannelsLast() => new(Name, Type, [.. Shape]) { Draw = Draw, GradientOf = GradientOf, ChannelsLast = true };

    private static int SizeOf(KdElementType type) => type switch
    {
        KdElementType.Float16 or KdElementType.BFloat16 => 2,
        KdElementType.Float32 => 4,
        KdElementType.Bool => 1,
        _ => 8,
    };
}
