using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.DualBatchNorm"/> by composed torch operations, differentiable any number of times. The autograd node takes
/// its second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class DualBatchNormComposed
{
    /// <summary>The normalised stack; arguments as <see cref="KdFunctional.DualBatchNorm"/> takes them.</summary>
    public static Tensor Values(
        Tensor stack, long tangents, Tensor runningMean, Tensor runningVariance, Tensor? weight, Tensor? bias, double epsilon)
    {
        ArgumentNullException.ThrowIfNull(stack);
        ArgumentNullException.ThrowIfNull(runningMean);
        ArgumentNullException.ThrowIfNull(runningVariance);
        var dtype = stack.dtype;
        (stack, runningMean, runningVariance) =
            (TensorMemory.Widen(stack), TensorMemory.Widen(runningMean), TensorMemory.Widen(runningVariance));
        (weight, bias) = (weight is null ? null : TensorMemory.Widen(weight), bias is null ? null : TensorMemory.Widen(bias));
        long[] perChannel = [1, stack.shape[1], .. Enumerable.Repeat(1L, (int)stack.dim() - 2)];
        long batch = stack.shape[0] / (1 + tangents);
        var scale = (runningVariance + epsilon).rsqrt();
        if (weight is not null) scale = scale * weight;
        scale = scale.view(perChannel);
        var y = (stack.narrow(0, 0, batch) - runningMean.view(perChannel)) * scale;
        if (bias is not null) y = y + bias.view(perChannel);
        return cat([y, stack.narrow(0, batch, stack.shape[0] - batch) * scale]).to(dtype);
    }
}
