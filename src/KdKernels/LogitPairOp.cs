using System.Runtime.InteropServices;
using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>The rows of a call of such a loss as Core sees them, and the stream for those on CUDA.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LogitPairRows(RowsView Student, RowsView Teacher, RowsView? Labels, RowsView? ClassWeights, CudaQueue? Queue);

/// <summary>
/// A loss over the rows of student and teacher logits. Inputs: student, teacher, labels and class weights, the last two null where
/// there are none. A reduced loss leaves its gradients in the forward read; without reduction each row has an upstream gradient of
/// its own, and the backward pass recomputes.
/// </summary>
internal abstract class LogitPairOp(KdReduction reduction, RowLayout layout) : FusedOp
{
    protected RowLayout Layout => layout;

    public sealed override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var student = inputs[0]!;
        bool perRow = reduction == KdReduction.None;
        var loss = layout.AllocateLoss(student, perRow);
        var lossRows = layout.LossView(loss, student, perRow);
        if (perRow || !needs.Contains(true))
        {
            Forward(Rows(inputs), lossRows, null, null);
        }
        else
        {
            Allocate(inputs, needs, gradients);
            Forward(Rows(inputs), lossRows, View(gradients[0]), View(gradients[1]));
        }
        GC.KeepAlive(inputs);
        return loss;
    }

    public sealed override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        Allocate(inputs, needs, gradients);
        using var dense = upstream.contiguous();
        var upstreamRows = layout.LossView(dense, inputs[0]!, reduction == KdReduction.None);
        Backward(Rows(inputs), upstreamRows, View(gradients[0]), View(gradients[1]));
        GC.KeepAlive(inputs);
    }

    /// <summary>Writes the loss and those gradients, for an upstream gradient of 1, that there is memory for.</summary>
    protected abstract void Forward(
        in LogitPairRows rows, RowsView loss, RowsView? studentGradient, RowsView? teacherGradient);

    /// <summary>Writes those gradients that there is memory for.</summary>
    protected abstract void Backward(
        in LogitPairRows rows, RowsView upstream, RowsView? studentGradient, RowsView? teacherGradient);

    private LogitPairRows Rows(Tensor?[] inputs) => new(
        layout.View(inputs[0]!),
        layout.View(inputs[1]!),
        inputs[2] is { } labels ? layout.PerRow(labels, inputs[0]!) : null,
        inputs[3] is { } weights ? TensorMemory.Vector(weights) : null,
        TorchQueue.Of(inputs[0]!));

    private void Allocate(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        for (int i = 0; i < 2; i++)
        {
            if (needs[i]) gradients[i] = layout.Allocate(inputs[i]!);
        }
    }

    private RowsView? View(Tensor? gradient) => gradient is null ? null : layout.View(gradient);
}
