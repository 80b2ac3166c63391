using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.DualMaxPool"/> by composed torch operations, differentiable any number of times. The autograd node takes
/// its second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class DualMaxPoolComposed
{
    /// <summary>The pooled stack.</summary>
    public static Tensor Values(Tensor stack, long tangents, DualMaxPoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(stack);
        ArgumentNullException.ThrowIfNull(options);
        long batch = stack.shape[0] / (1 + tangents), channels = stack.shape[1];
        var (pooled, indices) = nn.functional.max_pool2d_with_indices(
            stack.detach().narrow(0, 0, batch), options.Kernel, options.Stride, options.Padding, options.Dilation, options.CeilMode);
        var places = indices.flatten(2).unsqueeze(0).expand(1 + tangents, batch, channels, -1);
        return stack.reshape(1 + tangents, batch, channels, -1).gather(3, places)
            .reshape(stack.shape[0], channels, pooled.shape[2], pooled.shape[3]);
    }
}
