using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Logits of one kind and shape: the same values in the tested type on the device and in float64 for the
/// oracle.</summary>
internal sealed class Logits
{
    private Logits(Tensor onDevice, double[] values)
    {
        OnDevice = onDevice;
        Values = values;
    }

    /// <summary>Contiguous <c>[rows, classes]</c>.</summary>
    public Tensor OnDevice { get; }

    /// <summary>The same, rounded as the type rounds them.</summary>
    public double[] Values { get; }

    /// <summary>Random, with outliers: a near-uniform softmax would make most tests vacuous.</summary>
    public static Logits Random(long seed, ScalarType type, Device device, long rows, long classes)
    {
        using var scope = NewDisposeScope();
        var generator = new Generator((ulong)seed, CPU);
        var values = randn([rows, classes], ScalarType.Float32, generator: generator) * 2;
        var outliers = rand([rows, classes], ScalarType.Float32, generator: generator) < 0.05;
        return Of(where(outliers, values * 20, values), type, device, scope);
    }

    /// <summary>The values of a CPU tensor in another type and place.</summary>
    public static Logits Of(Tensor values, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        return Of(values, type, device, scope);
    }

    /// <summary>A leaf of the autograd graph with these values.</summary>
    public Tensor Leaf() => OnDevice.clone().detach().requires_grad_();

    private static Logits Of(Tensor values, ScalarType type, Device device, DisposeScope scope)
    {
        var rounded = values.to(type);
        // A copy even on the CPU: a test may write to one of them.
        var onDevice = rounded.clone().to(device);
        double[] exact = Check.Values(rounded);
        return new Logits(scope.MoveToOuter(onDevice), exact);
    }
}

/// <summary>Int64 labels on both sides.</summary>
internal sealed record Labels(Tensor OnDevice, long[] Values)
{
    public const long Ignored = -100;

    /// <summary>Random classes; every <paramref name="ignoreEvery"/>-th row is ignored, none for 0.</summary>
    public static Labels Random(long seed, Device device, long rows, long classes, int ignoreEvery)
    {
        var random = new Random(checked((int)seed));
        var values = new long[rows];
        for (int i = 0; i < rows; i++)
            values[i] = ignoreEvery > 0 && i % ignoreEvery == ignoreEvery - 1 ? Ignored : random.NextInt64(classes);
        return new Labels(tensor(values).to(device), values);
    }
}
