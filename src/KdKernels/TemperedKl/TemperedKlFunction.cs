using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// TemperedKl in the autograd graph. Arguments: student, teacher, options, layout, gradients. A reduced loss saves its
/// gradient in the forward read; without reduction the gradients are none and the backward pass recomputes, since each row
/// then has an upstream gradient of its own.
/// </summary>
internal sealed class TemperedKlFunction : autograd.SingleTensorFunction<TemperedKlFunction>
{
    private sealed record Call(TemperedKlOptions Options, RowLayout Layout, GradientNeeds Needs);

    public override string Name => nameof(TemperedKlFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (student, teacher) = ((Tensor)vars[0], (Tensor)vars[1]);
        var call = new Call((TemperedKlOptions)vars[2], (RowLayout)vars[3], GradientNeeds.Of(student, teacher));
        var gradients = (FusedGradients)vars[4];
        var options = call.Options;
        ctx.save_for_backward(
            [student, teacher, gradients.Student!, gradients.Teacher!, options.Labels!, options.ClassWeights!]);
        ctx.save_data(nameof(Call), call with { Options = options.With(null, null) });
        return Loss(student, teacher, call.Options, call.Layout, gradients);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (student, teacher) = (saved[0], saved[1]);
        var call = (Call)ctx.get_data(nameof(Call));
        call = call with { Options = call.Options.With(saved[4], saved[5]) };
        FusedGradients gradients;
        if (is_grad_enabled())
            gradients = TemperedKlComposed.Gradient(student, teacher, grad_output, call.Options, call.Needs);
        else if (call.Options.Reduction == KdReduction.None)
            gradients = Recompute(student, teacher, grad_output.contiguous(), call);
        else
            gradients = new FusedGradients(saved[2], saved[3]).Times(grad_output);
        return [.. gradients.MoveToOuterScope(), null!, null!, null!];
    }

    /// <summary>The loss, and the gradients for an upstream gradient of 1 where there is memory for them.</summary>
    internal static Tensor Loss(
        Tensor student, Tensor teacher, TemperedKlOptions options, RowLayout layout, FusedGradients gradients)
    {
        bool perRow = options.Reduction == KdReduction.None;
        var loss = layout.AllocateLoss(student, perRow);
        TemperedKl.ForwardWithGradient(
            layout.View(student), layout.View(teacher), options.ToSettings(student, layout),
            layout.LossView(loss, student, perRow), gradients.StudentRows(layout), gradients.TeacherRows(layout),
            TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, options));
        return loss;
    }

    private static FusedGradients Recompute(Tensor student, Tensor teacher, Tensor upstream, Call call)
    {
        var (options, layout, needs) = call;
        var gradients = FusedGradients.Allocate(student, teacher, needs, layout);
        TemperedKl.Backward(
            layout.View(student), layout.View(teacher), options.ToSettings(student, layout), layout.PerRow(upstream, student),
            gradients.StudentRows(layout), gradients.TeacherRows(layout), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, upstream, options));
        return gradients;
    }
}
