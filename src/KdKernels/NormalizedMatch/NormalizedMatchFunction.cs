using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>NormalizedMatch in the autograd graph. Inputs: student, teacher; both as <see cref="TensorMemory.FlatRows"/> views.</summary>
internal sealed class NormalizedMatchFunction(NormalizedMatchOptions options) : FusedOp
{
    public override string Name => nameof(KdFunctional.NormalizedMatch);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher) = (inputs[0]!, inputs[1]!);
        bool perRow = options.Reduction == KdReduction.None;
        var loss = empty(perRow ? [student.shape[0]] : [], student.dtype, student.device);
        var lossRows = perRow ? PerRow(loss) : TensorMemory.Scalar(loss);
        var (s, t) = (TensorMemory.FlatRows(student)!.Value, TensorMemory.FlatRows(teacher)!.Value);
        // With an upstream gradient per row, what forward could leave would have to be multiplied; backward computes it directly.
        if (needs[0] && !perRow)
        {
            gradients[0] = empty(student.shape, student.dtype, student.device);
            Core.NormalizedMatch.ForwardWithGradient(
                s, t, options.ToSettings(), lossRows, TensorMemory.FlatRows(gradients[0]!)!.Value);
        }
        else
        {
            Core.NormalizedMatch.Forward(s, t, options.ToSettings(), lossRows);
        }
        GC.KeepAlive(inputs);
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher) = (inputs[0]!, inputs[1]!);
        var gradient = empty(student.shape, student.dtype, student.device);
        Core.NormalizedMatch.Backward(
            TensorMemory.FlatRows(student)!.Value, TensorMemory.FlatRows(teacher)!.Value, options.ToSettings(),
            PerRow(upstream), TensorMemory.FlatRows(gradient)!.Value);
        GC.KeepAlive((inputs, upstream));
        gradients[0] = gradient;
    }

    public override Tensor Composed(Tensor?[] inputs) => NormalizedMatchComposed.Loss(inputs[0]!, inputs[1]!, options);

    private static RowsView PerRow(Tensor values) => RowsView.PerRow(
        TensorMemory.Address(values), TensorMemory.ElementType(values), values.shape[0], 1, values.stride(0), 0);
}
