using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>Feature maps for tests.</summary>
internal static class Maps
{
    /// <summary>Within (−1, 1) and at least 0.05 away from 0, where the first power has no slope; float64.</summary>
    internal static Tensor Leaf(long seed, params long[] shape) => Values(seed, shape).requires_grad_();

    internal static Tensor Values(long seed, params long[] shape)
    {
        using var scope = NewDisposeScope();
        var generator = new Generator((ulong)seed, CPU);
        var uniform = rand(shape, ScalarType.Float64, generator: generator) * 2 - 1;
        return (uniform * 0.95 + uniform.sign() * 0.05).detach().MoveToOuterDisposeScope();
    }

    internal static Tensor ChannelsLast(Tensor maps) => maps.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    /// <summary>The same numbers in memory where H and W do not merge.</summary>
    internal static Tensor Cropped(Tensor maps)
    {
        long[] shape = maps.shape;
        var wide = zeros(shape[0], shape[1], shape[2], shape[3] + 2, maps.dtype);
        var window = wide.narrow(3, 1, shape[3]);
        using (no_grad()) window.copy_(maps);
        return window;
    }
}
