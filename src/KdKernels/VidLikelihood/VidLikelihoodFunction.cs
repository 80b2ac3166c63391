using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>VidLikelihood in the autograd graph. Inputs: student, teacher, rho; the teacher gets no gradient.</summary>
internal sealed class VidLikelihoodFunction(VidLikelihoodOptions options, RowLayout layout) : FusedOp
{
    private bool PerRow => options.Reduction == KdReduction.None;

    public override string Name => nameof(VidLikelihood);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher, rho) = (inputs[0]!, inputs[1]!, inputs[2]!);
        var loss = layout.AllocateLoss(student, PerRow);
        if (!PerRow) Allocate(inputs, needs, gradients);
        VidLikelihood.ForwardWithGradient(
            layout.View(student), layout.View(teacher), TensorMemory.Vector(rho), options.ToSettings(),
            layout.LossView(loss, student, PerRow), layout.ViewOrNone(gradients[0]), VectorOrNone(gradients[2]), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, rho));
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher, rho) = (inputs[0]!, inputs[1]!, inputs[2]!);
        upstream = upstream.contiguous();
        Allocate(inputs, needs, gradients);
        VidLikelihood.Backward(
            layout.View(student), layout.View(teacher), TensorMemory.Vector(rho), options.ToSettings(),
            layout.LossView(upstream, student, PerRow), layout.ViewOrNone(gradients[0]), VectorOrNone(gradients[2]), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, rho, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) =>
        VidLikelihoodComposed.Loss(inputs[0]!, inputs[1]!, inputs[2]!, options);

    private static RowsView? VectorOrNone(Tensor? tensor) => tensor is null ? null : TensorMemory.Vector(tensor);

    private void Allocate(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        gradients[0] = needs[0] ? layout.Allocate(inputs[0]!) : null;
        gradients[2] = needs[2] ? empty_like(inputs[2]!) : null;
    }
}
