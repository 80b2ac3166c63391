using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>FspLoss in the autograd graph. Inputs: student1, student2, teacher1, teacher2 (these never with a gradient).</summary>
internal sealed class FspLossFunction(FspOptions options, KdReduction reduction) : FusedOp
{
    public override string Name => nameof(KdFunctional.FspLoss);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var loss = FeatureMaps.AllocateLoss(inputs[0]!, reduction);
        if (reduction != KdReduction.None) Allocate(inputs, needs, gradients);
        Core.FspLoss.ForwardWithGradient(
            FeatureMaps.View(inputs[0]!), FeatureMaps.View(inputs[1]!), FeatureMaps.View(inputs[2]!), FeatureMaps.View(inputs[3]!),
            options.ToSettings(reduction), FeatureMaps.LossRows(loss), FeatureMaps.OptionalRows(gradients[0]),
            FeatureMaps.OptionalRows(gradients[1]), TorchQueue.Of(inputs[0]!));
        GC.KeepAlive(inputs);
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        Allocate(inputs, needs, gradients);
        // The gradient of a sum is one value expanded over the samples.
        upstream = upstream.contiguous();
        Core.FspLoss.Backward(
            FeatureMaps.View(inputs[0]!), FeatureMaps.View(inputs[1]!), FeatureMaps.View(inputs[2]!), FeatureMaps.View(inputs[3]!),
            options.ToSettings(reduction), FeatureMaps.LossRows(upstream), FeatureMaps.OptionalRows(gradients[0]),
            FeatureMaps.OptionalRows(gradients[1]), TorchQueue.Of(inputs[0]!));
        GC.KeepAlive((inputs, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) =>
        FspGramComposed.Loss(inputs[0]!, inputs[1]!, inputs[2]!, inputs[3]!, options, reduction);

    private static void Allocate(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        for (int i = 0; i < 2; i++) gradients[i] = needs[i] ? FeatureMaps.Allocate(inputs[i]!) : null;
    }
}
