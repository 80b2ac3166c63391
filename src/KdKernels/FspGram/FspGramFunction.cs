using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>FspGram in the autograd graph. Inputs: the two layers. Output: <c>[B, C1, C2]</c>.</summary>
internal sealed class FspGramFunction(FspPooling pooling, bool allowTf32) : FusedOp
{
    public override string Name => nameof(KdFunctional.FspGram);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        Tensor first = inputs[0]!, second = inputs[1]!;
        var gram = empty([first.shape[0], first.shape[1], second.shape[1]], TensorMemory.ResultType(first), first.device);
        FspGram.Forward(
            FeatureMaps.View(first), FeatureMaps.View(second), pooling, Matrices(gram), allowTf32, TorchQueue.Of(first));
        GC.KeepAlive((first, second));
        return gram;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        Tensor first = inputs[0]!, second = inputs[1]!;
        for (int i = 0; i < 2; i++) gradients[i] = needs[i] ? FeatureMaps.Allocate(inputs[i]!) : null;
        FspGram.Backward(
            FeatureMaps.View(first), FeatureMaps.View(second), pooling, Matrices(upstream), FeatureMaps.OptionalRows(gradients[0]),
            FeatureMaps.OptionalRows(gradients[1]), allowTf32, TorchQueue.Of(first));
        GC.KeepAlive((first, second, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) => FspGramComposed.Gram(inputs[0]!, inputs[1]!, pooling);

    private static RowsView Matrices(Tensor gram)
    {
        long[] shape = gram.shape, strides = gram.stride();
        return new RowsView(
            TensorMemory.Address(gram), TensorMemory.ElementType(gram), shape[0], shape[1], shape[2], strides[0], strides[1], strides[2])
        {
            Device = TensorMemory.Device(gram),
        };
    }
}
