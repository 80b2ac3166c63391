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
        var loss = empty(perRow ? [student.shape[0]] : [], TensorMemory.ResultType(student), student.device);
        var lossRows = perRow ? TensorMemory.PerRow(loss) : TensorMemory.Scalar(loss);
        var (s, t) = (TensorMemory.FlatRows(student)!.Value, TensorMemory.FlatRows(teacher)!.Value);
        // With an upstream gradient per row, what forward could leave would have to be multiplied; backward computes it directly.
        if (needs[0] && !perRow)
        {
            gradients[0] = empty(student.shape, student.dtype, student.device);
            Core.NormalizedMatch.ForwardWithGradient(
                s, t, options.ToSettings(), lossRows, TensorMemory.FlatRows(gradients[0]!)!.Value, TorchQueue.Of(student));
        }
        else
        {
            Core.NormalizedMatch.Forward(s, t, options.ToSettings(), lossRows, TorchQueue.Of(student));
        }
        GC.KeepAlive(inputs);
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var (student, teacher) = (inputs[0]!, inputs[1]!);
        var gradient = empty(student.shape, student.dtype, student.device);
        // Of a sum over the rows it is one number in an expanded tensor.
        using var dense = upstream.contiguous();
        Core.NormalizedMatch.Backward(
            TensorMemory.FlatRows(student)!.Value, TensorMemory.FlatRows(teacher)!.Value, options.ToSettings(),
            TensorMemory.PerRow(dense), TensorMemory.FlatRows(gradient)!.Value, TorchQueue.Of(student));
        GC.KeepAlive(inputs);
        gradients[0] = gradient;
    }

    public override Tensor Composed(Tensor?[] inputs) => NormalizedMatchComposed.Loss(inputs[0]!, inputs[1]!, options);
}
