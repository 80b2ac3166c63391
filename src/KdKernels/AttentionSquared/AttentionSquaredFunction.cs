using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>AttentionSquared in the autograd graph. Inputs: student, teacher (never with a gradient).</summary>
internal sealed class AttentionSquaredFunction(AttentionOptions options, KdReduction reduction) : FusedOp
{
    public override string Name => nameof(KdFunctional.AttentionSquared);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        Tensor student = inputs[0]!, teacher = inputs[1]!;
        var settings = options.ToSettings(reduction);
        var loss = FeatureMaps.AllocateLoss(student, reduction);
        var (s, t, value) = (FeatureMaps.View(student), FeatureMaps.View(teacher), FeatureMaps.LossRows(loss));
        var queue = TorchQueue.Of(student);
        if (needs[0] && reduction != KdReduction.None)
        {
            gradients[0] = FeatureMaps.Allocate(student);
            Core.AttentionSquared.ForwardWithGradient(s, t, settings, value, FeatureMaps.Rows(gradients[0]!), queue);
        }
        else
        {
            Core.AttentionSquared.Forward(s, t, settings, value, queue);
        }
        GC.KeepAlive((student, teacher));
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        Tensor student = inputs[0]!, teacher = inputs[1]!;
        upstream = upstream.contiguous();
        gradients[0] = FeatureMaps.Allocate(student);
        Core.AttentionSquared.Backward(
            FeatureMaps.View(student), FeatureMaps.View(teacher), options.ToSettings(reduction), FeatureMaps.LossRows(upstream),
            FeatureMaps.Rows(gradients[0]!), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) =>
        AttentionSquaredComposed.Loss(inputs[0]!, inputs[1]!, options, reduction);
}
