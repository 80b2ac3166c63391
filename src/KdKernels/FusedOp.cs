using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// One call of a fused op as the autograd graph sees it: how the value comes, how the gradients come, and the same value composed
/// of torch operations. What the call does not take from its inputs (settings, layouts) is state of the object.
/// </summary>
internal abstract class FusedOp
{
    /// <summary>The op's name in messages.</summary>
    public abstract string Name { get; }

    /// <summary>Computes the output.</summary>
    /// <param name="inputs">What was given to <see cref="Apply"/>; null for an optional input that is absent.</param>
    /// <param name="needs">Which inputs need a gradient; all false outside of the graph.</param>
    /// <param name="gradients">
    /// Where a scalar output's gradients may be left if they come from the same read: for every input that needs one, for an upstream
    /// gradient of 1. Left empty, <see cref="Backward"/> computes them.
    /// </param>
    public abstract Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients);

    /// <summary>
    /// Computes the gradient of every input that needs one. Called when Forward left none; gradient mode is off.
    /// </summary>
    /// <param name="inputs">As in <see cref="Forward"/>.</param>
    /// <param name="upstream">Gradient of the output, with its shape and any strides.</param>
    /// <param name="needs">As in <see cref="Forward"/>.</param>
    /// <param name="gradients">Where they go.</param>
    public abstract void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients);

    /// <summary>The output by torch operations, differentiable any number of times.</summary>
    public abstract Tensor Composed(Tensor?[] inputs);

    /// <summary>Runs the op; as a node of the graph if gradients are recorded and an input requires one.</summary>
    public static Tensor Apply(FusedOp op, params Tensor?[] inputs)
    {
        var needs = Array.ConvertAll(inputs, input => input is not null && input.requires_grad);
        var gradients = new Tensor?[inputs.Length];
        if (!is_grad_enabled() || !needs.Contains(true))
        {
            Array.Clear(needs);
            return op.Forward(inputs, needs, gradients);
        }
        try
        {
            return FusedNode.apply([new FusedNode.Call(op, needs, gradients), .. inputs.Select(input => (object)input!)]);
        }
        finally
        {
            // From here on the graph alone holds them, and backward can hand them over instead of copying.
            foreach (var gradient in gradients) gradient?.Dispose();
            Array.Clear(gradients);
        }
    }
}
