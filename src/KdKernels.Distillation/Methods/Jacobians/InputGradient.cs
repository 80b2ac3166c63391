using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>Derivatives of a network's output by its input, in evaluation mode, where the derivative of a sum over the
/// batch is every item's own.</summary>
internal static class InputGradient
{
    /// <summary>The inputs as a leaf of a graph of its own.</summary>
    public static Tensor Leaf(Tensor inputs) => inputs.detach().requires_grad_();

    /// <summary><c>∂ Σ output / ∂ leaf</c>, of the leaf's shape.</summary>
    /// <param name="output">Of any shape; summed.</param>
    /// <param name="leaf">What <see cref="Leaf"/> gave.</param>
    /// <param name="trains">True for a student: the result can be differentiated by its parameters. False for a teacher.
    /// Either way the graph stays for the next call.</param>
    public static Tensor Of(Tensor output, Tensor leaf, bool trains) =>
        autograd.grad([output.sum()], [leaf], retain_graph: true, create_graph: trains)[0];

    /// <summary>One row of the Jacobian per item.</summary>
    /// <param name="logits"><c>[N, K]</c>.</param>
    /// <param name="classes">Which row, int64 <c>[N]</c>.</param>
    /// <param name="leaf">The inputs.</param>
    /// <param name="trains">As in <see cref="Of"/>.</param>
    public static Tensor Row(Tensor logits, Tensor classes, Tensor leaf, bool trains) =>
        Of(logits.gather(1, classes.unsqueeze(1)), leaf, trains);
}
