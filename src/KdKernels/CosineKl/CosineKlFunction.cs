using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// CosineKl in the autograd graph. Inputs: student augmented, student normal, teacher augmented, teacher normal, and an int64 mask or
/// null.
/// </summary>
internal sealed class CosineKlFunction(CosineKlOptions options) : FusedOp
{
    public override string Name => "CosineKl";

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        bool perRow = options.Reduction == KdReduction.None;
        var (sa, sn, ta, tn) = Views(inputs);
        var loss = empty(perRow ? [inputs[0]!.shape[0]] : [], TensorMemory.ResultType(inputs[0]!), inputs[0]!.device);
        var (settings, queue) = (options.ToSettings(inputs[4]), TorchQueue.Of(inputs[0]!));
        var lossRows = perRow ? TensorMemory.PerRow(loss) : TensorMemory.Scalar(loss);
        if (perRow || !(needs[0] || needs[1]))
        {
            Core.CosineKl.Forward(sa, sn, ta, tn, settings, lossRows, queue);
        }
        else
        {
            var (augmented, normal) = Allocate(inputs, needs, gradients);
            Core.CosineKl.ForwardWithGradient(sa, sn, ta, tn, settings, lossRows, augmented, normal, queue);
        }
        GC.KeepAlive(inputs);
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var (sa, sn, ta, tn) = Views(inputs);
        var (augmented, normal) = Allocate(inputs, needs, gradients);
        using var dense = upstream.contiguous();
        var upstreamRows = options.Reduction == KdReduction.None ? TensorMemory.PerRow(dense) : TensorMemory.Scalar(dense);
        Core.CosineKl.Backward(
            sa, sn, ta, tn, options.ToSettings(inputs[4]), upstreamRows, augmented, normal, TorchQueue.Of(inputs[0]!));
        GC.KeepAlive((inputs, upstream));
    }

    public override Tensor Composed(Tensor?[] inputs) => CosineKlComposed.Loss(
        inputs[0]!, inputs[1]!, inputs[2]!, inputs[3]!, options, inputs[4]);

    private static (RowsView StudentAugmented, RowsView StudentNormal, RowsView TeacherAugmented, RowsView TeacherNormal) Views(
        Tensor?[] inputs) =>
        (TensorMemory.Rows(inputs[0]!), TensorMemory.Rows(inputs[1]!), TensorMemory.Rows(inputs[2]!), TensorMemory.Rows(inputs[3]!));

    private static (RowsView? Augmented, RowsView? Normal) Allocate(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        for (int i = 0; i < 2; i++) gradients[i] = needs[i] ? empty(inputs[i]!.shape, inputs[i]!.dtype, inputs[i]!.device) : null;
        return (View(gradients[0]), View(gradients[1]));

        static RowsView? View(Tensor? gradient) => gradient is null ? null : TensorMemory.Rows(gradient);
    }
}
