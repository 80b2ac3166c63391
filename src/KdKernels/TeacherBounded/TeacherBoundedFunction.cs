using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// TeacherBounded in the autograd graph. Inputs: student, teacher, target, foreground; only the student gets a gradient.
/// </summary>
internal sealed class TeacherBoundedFunction(TeacherBoundedOptions options, RowLayout layout) : FusedOp
{
    private bool PerRow => options.Reduction == KdReduction.None;

    public override string Name => nameof(TeacherBounded);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (s, t, y) = (layout.View(inputs[0]!), layout.View(inputs[1]!), layout.View(inputs[2]!));
        var loss = layout.AllocateLoss(inputs[0]!, PerRow);
        var queue = TorchQueue.Of(inputs[0]!);
        var lossRows = layout.LossView(loss, inputs[0]!, PerRow);
        if (needs[0] && !PerRow)
        {
            gradients[0] = layout.Allocate(inputs[0]!);
            TeacherBounded.ForwardWithGradient(s, t, y, Settings(inputs), lossRows, layout.View(gradients[0]!), queue);
        }
        else
        {
            TeacherBounded.Forward(s, t, y, Settings(inputs), lossRows, queue);
        }
        GC.KeepAlive(inputs);
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var student = inputs[0]!;
        upstream = upstream.contiguous();
        gradients[0] = layout.Allocate(student);
        TeacherBounded.Backward(
            layout.View(student), layout.View(inputs[1]!), layout.View(inputs[2]!), Settings(inputs),
            layout.LossView(upstream, student, PerRow), layout.View(gradients[0]!),
            TorchQueue.Of(student));
        GC.KeepAlive((inputs, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) =>
        TeacherBoundedComposed.Loss(inputs[0]!, inputs[1]!, inputs[2]!, options, inputs[3]);

    private TeacherBoundedSettings Settings(Tensor?[] inputs) =>
        options.ToSettings(inputs[3] is { } foreground ? layout.PerRow(foreground, inputs[0]!) : null);
}
