using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>LogitRegression in the autograd graph. Inputs: student, teacher.</summary>
internal sealed class LogitRegressionFunction(LogitRegressionOptions options, RowLayout layout) : FusedOp
{
    private bool PerRow => options.Reduction == KdReduction.None;

    public override string Name => nameof(LogitRegression);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher) = (inputs[0]!, inputs[1]!);
        var loss = layout.AllocateLoss(student, PerRow);
        if (!PerRow) Allocate(inputs, needs, gradients);
        LogitRegression.ForwardWithGradient(
            layout.View(student), layout.View(teacher), options.ToSettings(), layout.LossView(loss, student, PerRow),
            layout.ViewOrNone(gradients[0]), layout.ViewOrNone(gradients[1]), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher));
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher) = (inputs[0]!, inputs[1]!);
        upstream = upstream.contiguous();
        Allocate(inputs, needs, gradients);
        LogitRegression.Backward(
            layout.View(student), layout.View(teacher), options.ToSettings(), layout.LossView(upstream, student, PerRow),
            layout.ViewOrNone(gradients[0]), layout.ViewOrNone(gradients[1]), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) => LogitRegressionComposed.Loss(inputs[0]!, inputs[1]!, options);

    private void Allocate(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        for (int i = 0; i < 2; i++) gradients[i] = needs[i] ? layout.Allocate(inputs[i]!) : null;
    }
}
