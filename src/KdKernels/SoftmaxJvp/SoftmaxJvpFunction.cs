using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>SoftmaxJvp in the autograd graph. Inputs: logits, tangents.</summary>
internal sealed class SoftmaxJvpFunction(SoftmaxJvpOptions options) : FusedOp
{
    public override string Name => nameof(SoftmaxJvp);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (logits, tangents) = (inputs[0]!, inputs[1]!);
        var result = empty_like(tangents);
        Core.SoftmaxJvp.Forward(
            TensorMemory.Rows(logits), TensorMemory.Rows(tangents), options.ToSettings(), TensorMemory.Rows(result),
            TorchQueue.Of(logits));
        GC.KeepAlive((logits, tangents));
        return result;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        for (int i = 0; i < inputs.Length; i++) gradients[i] = needs[i] ? empty_like(inputs[i]!) : null;
        RowsView? Gradient(int i) => gradients[i] is { } gradient ? TensorMemory.Rows(gradient) : null;
        Core.SoftmaxJvp.Backward(
            TensorMemory.Rows(inputs[0]!), TensorMemory.Rows(inputs[1]!), options.ToSettings(), TensorMemory.Rows(upstream),
            Gradient(0), Gradient(1), TorchQueue.Of(inputs[0]!));
        GC.KeepAlive((inputs, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) => SoftmaxJvpComposed.Values(inputs[0]!, inputs[1]!, options);
}
