using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// DualBatchNorm in the autograd graph. Inputs: stack (contiguous), running mean, running variance, weight and bias or null.
/// </summary>
internal sealed class DualBatchNormFunction(long tangents, double epsilon) : FusedOp
{
    private readonly DualBatchNormSettings settings = new(tangents, epsilon);

    public override string Name => nameof(KdFunctional.DualBatchNorm);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var stack = inputs[0]!;
        var result = empty(stack.shape, stack.dtype, stack.device);
        Core.DualBatchNorm.Forward(
            Channels(stack), TensorMemory.Vector(inputs[1]!), TensorMemory.Vector(inputs[2]!), Vector(inputs[3]), Vector(inputs[4]),
            settings, Channels(result), TorchQueue.Of(stack));
        GC.KeepAlive(inputs);
        return result;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var stack = inputs[0]!;
        var upstreamRows = DualGuard.Upstream(upstream, Channels, out var dense);
        for (int i = 0; i < inputs.Length; i++)
            gradients[i] = needs[i] ? empty(inputs[i]!.shape, stack.dtype, stack.device) : null;
        Core.DualBatchNorm.Backward(
            Channels(stack), TensorMemory.Vector(inputs[1]!), TensorMemory.Vector(inputs[2]!), Vector(inputs[3]), settings,
            upstreamRows, gradients[0] is { } gradient ? Channels(gradient) : null, Vector(gradients[3]), Vector(gradients[4]),
            TorchQueue.Of(stack));
        GC.KeepAlive((inputs, dense));
    }

    public override Tensor Composed(Tensor?[] inputs) => DualBatchNormComposed.Values(
        inputs[0]!, tangents, inputs[1]!, inputs[2]!, inputs[3], inputs[4], epsilon);

    private static RowsView? Vector(Tensor? tensor) => tensor is null ? null : TensorMemory.Vector(tensor);

    private static RowsView Channels(Tensor tensor)
    {
        long[] shape = tensor.shape;
        long length = shape.Skip(2).Aggregate(1L, (product, size) => product * size);
        return new RowsView(
            TensorMemory.Address(tensor), TensorMemory.ElementType(tensor), shape[0], shape[1], length, shape[1] * length, length, 1) with
        {
            Device = TensorMemory.Device(tensor),
        };
    }
}
