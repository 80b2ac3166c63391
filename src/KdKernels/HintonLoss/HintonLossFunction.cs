using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// HintonLoss in the autograd graph. Arguments: student, teacher, options, layout, metrics, gradients (none without
/// reduction: then each row has an upstream gradient of its own, and backward recomputes). The metrics tensor is filled in
/// place rather than returned: as an output it would need a gradient slot that nothing could honour.
/// </summary>
internal sealed class HintonLossFunction : autograd.SingleTensorFunction<HintonLossFunction>
{
    private sealed record Call(HintonLossOptions Options, RowLayout Layout);

    public override string Name => nameof(HintonLossFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (student, teacher, metrics) = ((Tensor)vars[0], (Tensor)vars[1], (HintonMetricsMemory)vars[4]);
        var call = new Call((HintonLossOptions)vars[2], (RowLayout)vars[3]);
        var gradient = ((FusedGradients)vars[5]).Student;
        var options = call.Options;
        ctx.save_for_backward([student, teacher, gradient!, options.Labels, options.Kl.ClassWeights!]);
        ctx.save_data(nameof(Call), call with { Options = options.With(null, null) });
        return Loss(student, teacher, call.Options, call.Layout, metrics, gradient);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (student, teacher, gradient) = (saved[0], saved[1], saved[2]);
        var call = (Call)ctx.get_data(nameof(Call));
        call = call with { Options = call.Options.With(saved[3], saved[4]) };
        FusedGradients gradients;
        if (is_grad_enabled())
            gradients = new(HintonLossComposed.Gradient(student, teacher, grad_output, call.Options), null);
        else if (call.Options.Kl.Reduction == KdReduction.None)
            gradients = new(Recompute(student, teacher, grad_output.contiguous(), call), null);
        else
            gradients = new FusedGradients(gradient, null).Times(grad_output);
        return [.. gradients.MoveToOuterScope(), null!, null!, null!, null!];
    }

    /// <summary>The loss, the metrics, and the gradient for an upstream gradient of 1 where there is memory for it.</summary>
    internal static Tensor Loss(
        Tensor student, Tensor teacher, HintonLossOptions options, RowLayout layout, HintonMetricsMemory metrics, Tensor? gradient)
    {
        var loss = layout.AllocateLoss(student, metrics.PerRow);
        var (lossRows, queue) = (layout.LossView(loss, student, metrics.PerRow), TorchQueue.Of(student));
        var (studentRows, teacherRows) = (layout.View(student), layout.View(teacher));
        var labels = layout.PerRow(options.Labels, student);
        var (perRow, totals) = metrics.Views(layout, student);
        if (gradient is null)
        {
            Core.HintonLoss.Forward(studentRows, teacherRows, labels, options.ToSettings(), lossRows, perRow, totals, queue);
        }
        else
        {
            Core.HintonLoss.ForwardWithGradient(
                studentRows, teacherRows, labels, options.ToSettings(), lossRows, layout.View(gradient), perRow, totals,
                queue);
        }
        GC.KeepAlive((student, teacher, options, metrics));
        return loss;
    }

    private static Tensor Recompute(Tensor student, Tensor teacher, Tensor upstream, Call call)
    {
        var (options, layout) = call;
        var gradient = layout.Allocate(student);
        Core.HintonLoss.Backward(
            layout.View(student), layout.View(teacher), layout.PerRow(options.Labels, student), options.ToSettings(),
            layout.PerRow(upstream, student), layout.View(gradient), TorchQueue.Of(student));
        GC.KeepAlive((student, teacher, upstream, options));
        return gradient;
    }
}

/// <summary>Where the metrics go: the six columns of each row, or the eight float64 totals.</summary>
internal sealed record HintonMetricsMemory(Tensor Tensor, bool PerRow)
{
    internal static HintonMetricsMemory Allocate(Tensor student, RowLayout layout, KdReduction reduction) =>
        reduction == KdReduction.None
            ? new(
                empty([.. layout.RowShape(student), Core.HintonLoss.MetricCount], TensorMemory.ResultType(student), student.device),
                PerRow: true)
            : new(empty(HintonTotals.Count, ScalarType.Float64, student.device), PerRow: false);

    internal (RowsView? PerRow, RowsView? Totals) Views(RowLayout layout, Tensor student)
    {
        if (!PerRow) return (null, TensorMemory.Vector(Tensor));
        var rows = layout.View(student);
        const int Columns = Core.HintonLoss.MetricCount;
        return (new RowsView(
            TensorMemory.Address(Tensor), TensorMemory.ElementType(Tensor), rows.Outer, rows.Inner, Columns,
            rows.Inner * Columns, Columns, 1)
        {
            Device = TensorMemory.Device(Tensor),
        }, null);
    }
}
