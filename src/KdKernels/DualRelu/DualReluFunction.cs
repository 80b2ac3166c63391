using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>DualRelu in the autograd graph. Input: the stack, contiguous.</summary>
internal sealed class DualReluFunction(long tangents) : FusedOp
{
    public override string Name => nameof(KdFunctional.DualRelu);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var stack = inputs[0]!;
        var result = empty(stack.shape, stack.dtype, stack.device);
        Core.DualRelu.Forward(Blocks(stack), Blocks(result), TorchQueue.Of(stack));
        GC.KeepAlive(stack);
        return result;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var stack = inputs[0]!;
        var upstreamRows = DualGuard.Upstream(upstream, Blocks, out var dense);
        var gradient = empty(stack.shape, stack.dtype, stack.device);
        Core.DualRelu.Backward(Blocks(stack), upstreamRows, Blocks(gradient), TorchQueue.Of(stack));
        GC.KeepAlive((stack, dense));
        gradients[0] = gradient;
    }

    public override Tensor Composed(Tensor?[] inputs) => DualReluComposed.Values(inputs[0]!, tangents);

    private RowsView Blocks(Tensor tensor) => RowsView.Contiguous(
        TensorMemory.Address(tensor), TensorMemory.ElementType(tensor), 1 + tangents, tensor.numel() / (1 + tangents)) with
    {
        Device = TensorMemory.Device(tensor),
    };
}
