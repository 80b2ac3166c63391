using static TorchSharp.torch;

namespace KdKernels.Bench.Harness;

/// <summary>Tensors as the arrays that oracles take.</summary>
internal static class Doubles
{
    public static double[] Of(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
    }
}
