using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>DualMaxPool in the autograd graph. Input: the stack, contiguous; backward finds the maxima again.</summary>
internal sealed class DualMaxPoolFunction(long tangents, DualMaxPoolOptions options) : FusedOp
{
    public override string Name => nameof(KdFunctional.DualMaxPool);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var stack = inputs[0]!;
        var settings = options.ToSettings(stack.shape[2], stack.shape[3]);
        var (height, width) = (Math.Max(settings.Output.Height, 0), Math.Max(settings.Output.Width, 0));
        var result = empty([stack.shape[0], stack.shape[1], height, width], stack.dtype, stack.device);
        Core.DualMaxPool.Forward(Planes(stack), settings, Planes(result), TorchQueue.Of(stack));
        GC.KeepAlive(stack);
        return result;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var stack = inputs[0]!;
        var upstreamRows = DualGuard.Upstream(upstream, Planes, out var dense);
        var gradient = empty(stack.shape, stack.dtype, stack.device);
        Core.DualMaxPool.Backward(
            Planes(stack), options.ToSettings(stack.shape[2], stack.shape[3]), upstreamRows, Planes(gradient), TorchQueue.Of(stack));
        GC.KeepAlive((stack, dense));
        gradients[0] = gradient;
    }

    public override Tensor Composed(Tensor?[] inputs) => DualMaxPoolComposed.Values(inputs[0]!, tangents, options);

    private RowsView Planes(Tensor tensor)
    {
        long[] shape = tensor.shape;
        long planes = shape[0] / (1 + tangents) * shape[1], length = shape[2] * shape[3];
        return new RowsView(
            TensorMemory.Address(tensor), TensorMemory.ElementType(tensor), 1 + tangents, planes, length, planes * length, length, 1) with
        {
            Device = TensorMemory.Device(tensor),
        };
    }
}
