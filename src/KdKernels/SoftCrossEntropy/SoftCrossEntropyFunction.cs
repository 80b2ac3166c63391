using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// SoftCrossEntropy in the autograd graph. Inputs: student, teacher, class weights, labels; only the student gets a gradient.
/// </summary>
internal sealed class SoftCrossEntropyFunction(SoftCrossEntropyOptions options, RowLayout layout) : FusedOp
{
    private bool PerRow => options.Reduction == KdReduction.None;

    public override string Name => nameof(SoftCrossEntropy);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher) = (inputs[0]!, inputs[1]!);
        var loss = layout.AllocateLoss(student, PerRow);
        var (s, t, lossRows) = (layout.View(student), layout.View(teacher), layout.LossView(loss, student, PerRow));
        var queue = TorchQueue.Of(student);
        if (needs[0] && !PerRow)
        {
            gradients[0] = layout.Allocate(student);
            SoftCrossEntropy.ForwardWithGradient(s, t, Settings(inputs), lossRows, layout.View(gradients[0]!), queue);
        }
        else
        {
            SoftCrossEntropy.Forward(s, t, Settings(inputs), lossRows, queue);
        }
        GC.KeepAlive(inputs);
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher) = (inputs[0]!, inputs[1]!);
        upstream = upstream.contiguous();
        gradients[0] = layout.Allocate(student);
        SoftCrossEntropy.Backward(
            layout.View(student), layout.View(teacher), Settings(inputs), layout.LossView(upstream, student, PerRow),
            layout.View(gradients[0]!), TorchQueue.Of(student));
        GC.KeepAlive((inputs, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) =>
        SoftCrossEntropyComposed.Loss(inputs[0]!, inputs[1]!, options, inputs[2], inputs[3]);

    private SoftCrossEntropySettings Settings(Tensor?[] inputs) => options.ToSettings(
        inputs[2] is { } weights ? TensorMemory.Vector(weights) : null,
        inputs[3] is { } labels ? layout.PerRow(labels, inputs[0]!) : null);
}
