using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What torch's layers do to dual numbers.</summary>
internal static class DualLayers
{
    private const string Known =
        "Sequential, Conv2d, Linear, BatchNorm1d, BatchNorm2d, ReLU, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Flatten, Identity, "
        + "Dropout and what implements IDualModule";

    internal static Dual Apply(nn.Module<Tensor, Tensor> layer, Dual x)
    {
        switch (layer)
        {
            case IDualModule module:
                return module.DualForward(x);
            // A derived class may do anything in its forward.
            case Sequential sequence when sequence.GetType() == typeof(Sequential):
                return Apply(sequence, x);
            case Conv2d convolution:
                return WithBias(x, Convolve(convolution, x.Stack), convolution.bias?.view(1, -1, 1, 1));
            case Linear linear:
                return WithBias(x, nn.functional.linear(x.Stack, linear.weight), linear.bias);
            case BatchNorm1d or BatchNorm2d:
                return new Dual(DualBatchNorm.Normalise(x.Stack, x.TangentCount, (BatchNorm)layer), x.TangentCount);
            case ReLU:
                return x.Relu();
            case MaxPool2d pool:
                var options = new DualMaxPoolOptions(pool.kernel_size)
                {
                    Stride = pool.stride,
                    Padding = pool.padding,
                    Dilation = pool.dilation,
                    CeilMode = pool.ceil_mode,
                };
                return new Dual(KdFunctional.DualMaxPool(x.Stack, x.TangentCount, options), x.TangentCount);
            // Linear and sample by sample.
            case AvgPool2d or AdaptiveAvgPool2d:
                return new Dual(layer.call(x.Stack), x.TangentCount);
            case Flatten flatten when flatten.start_dim is not 0 && flatten.start_dim > -x.Stack.dim():
                return new Dual(layer.call(x.Stack), x.TangentCount);
            case Flatten:
                throw new NotSupportedException("expected Flatten from dimension 1 on but got one that merges samples");
            case Dropout { training: true }:
                throw new InvalidOperationException("expected dropouts in eval mode but got Dropout in training mode; call eval() first");
            case Identity or Dropout:
                return new Dual(x.Stack.alias(), x.TangentCount);
            default:
                throw new NotSupportedException(
                    $"expected layers that dual numbers pass through but got {layer.GetType().Name}; there are {Known}");
        }
    }

    private static Dual Apply(Sequential sequence, Dual x)
    {
        var current = new Dual(x.Stack.alias(), x.TangentCount);
        for (int i = 0; i < sequence.Count; i++)
        {
            var next = Apply((nn.Module<Tensor, Tensor>)sequence[i], current);
            current.Stack.Dispose();
            current = next;
        }
        return current;
    }

    private static Tensor Convolve(Conv2d layer, Tensor stack)
    {
        if (layer.padding_mode != PaddingModes.Zeros)
            throw new NotSupportedException($"expected Conv2d padded with zeros but got padding mode {layer.padding_mode}");
        return layer.padding_type is { } type
            ? nn.functional.conv2d_padding(stack, layer.weight, null, layer.stride, type, layer.dilation, layer.groups)
            : nn.functional.conv2d(stack, layer.weight, null, layer.stride, layer.padding, layer.dilation, layer.groups);
    }

    // The bias is a constant: it moves the value and no derivative.
    private static Dual WithBias(Dual input, Tensor output, Tensor? bias)
    {
        var result = new Dual(output, input.TangentCount);
        if (bias is null) return result;
        using var primal = result.Primal;
        primal.add_(bias);
        return result;
    }
}
