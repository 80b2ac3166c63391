using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// SoftmaxEntropy in the autograd graph. Arguments: logits, options, layout, gradients (none without reduction: then each row
/// has an upstream gradient of its own, and backward recomputes).
/// </summary>
internal sealed class SoftmaxEntropyFunction : autograd.SingleTensorFunction<SoftmaxEntropyFunction>
{
    private sealed record Call(SoftmaxEntropyOptions Options, RowLayout Layout);

    public override string Name => nameof(SoftmaxEntropyFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var logits = (Tensor)vars[0];
        var call = new Call((SoftmaxEntropyOptions)vars[1], (RowLayout)vars[2]);
        var gradient = ((FusedGradients)vars[3]).Student;
        ctx.save_for_backward([logits, gradient!]);
        ctx.save_data(nameof(Call), call);
        return Loss(logits, call.Options, call.Layout, gradient);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var logits = saved[0];
        var call = (Call)ctx.get_data(nameof(Call));
        FusedGradients gradients;
        if (is_grad_enabled())
            gradients = new(SoftmaxEntropyComposed.Gradient(logits, grad_output, call.Options), null);
        else if (call.Options.Reduction == KdReduction.None)
            gradients = new(Recompute(logits, grad_output.contiguous(), call), null);
        else
            gradients = new FusedGradients(saved[1], null).Times(grad_output);
        return [gradients.Student!.MoveToOuterDisposeScope(), null!, null!, null!];
    }

    /// <summary>The entropy, and the gradient for an upstream gradient of 1 where there is memory for it.</summary>
    internal static Tensor Loss(Tensor logits, SoftmaxEntropyOptions options, RowLayout layout, Tensor? gradient)
    {
        bool perRow = options.Reduction == KdReduction.None;
        var loss = layout.AllocateLoss(logits, perRow);
        var (rows, lossRows, queue) = (layout.View(logits), layout.LossView(loss, logits, perRow), TorchQueue.Of(logits));
        if (gradient is null)
            Core.SoftmaxEntropy.Forward(rows, options.ToSettings(), lossRows, queue);
        else
            Core.SoftmaxEntropy.ForwardWithGradient(rows, options.ToSettings(), lossRows, layout.View(gradient), queue);
        GC.KeepAlive(logits);
        return loss;
    }

    private static Tensor Recompute(Tensor logits, Tensor upstream, Call call)
    {
        var (options, layout) = call;
        var gradient = layout.Allocate(logits);
        Core.SoftmaxEntropy.Backward(
            layout.View(logits), options.ToSettings(), layout.PerRow(upstream, logits), layout.View(gradient),
            TorchQueue.Of(logits));
        GC.KeepAlive((logits, upstream));
        return gradient;
    }
}
