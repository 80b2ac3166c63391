using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>NoisyLogits in the autograd graph. Inputs: student, teacher, samples.</summary>
internal sealed class NoisyLogitsFunction(NoisyLogitsOptions options, RowLayout layout) : FusedOp
{
    private bool PerRow => options.Reduction == KdReduction.None;

    public override string Name => nameof(NoisyLogits);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher, samples) = (inputs[0]!, inputs[1]!, inputs[2]);
        var loss = layout.AllocateLoss(student, PerRow);
        if (!PerRow) Allocate(inputs, needs, gradients);
        NoisyLogits.ForwardWithGradient(
            layout.View(student), layout.View(teacher), Settings(student, samples), layout.LossView(loss, student, PerRow),
            layout.ViewOrNone(gradients[0]), layout.ViewOrNone(gradients[1]), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, samples));
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher, samples) = (inputs[0]!, inputs[1]!, inputs[2]);
        upstream = upstream.contiguous();
        Allocate(inputs, needs, gradients);
        NoisyLogits.Backward(
            layout.View(student), layout.View(teacher), Settings(student, samples), layout.LossView(upstream, student, PerRow),
            layout.ViewOrNone(gradients[0]), layout.ViewOrNone(gradients[1]), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, samples, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) =>
        NoisyLogitsComposed.Loss(inputs[0]!, inputs[1]!, options, inputs[2]);

    private NoisyLogitsSettings Settings(Tensor student, Tensor? samples) =>
        options.ToSettings(samples is null ? null : layout.PerRow(samples, student));

    private void Allocate(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        for (int i = 0; i < 2; i++) gradients[i] = needs[i] ? layout.Allocate(inputs[i]!) : null;
    }
}
