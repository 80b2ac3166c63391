using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A tensor that a module registers as one of its parameters: a leaf, trained by the optimiser.</summary>
public class Parameter : Tensor
{
    /// <summary>Takes a tensor over: <paramref name="data"/> is empty afterwards, and this takes its place in its dispose scope.</summary>
    /// <param name="data">The values.</param>
    /// <param name="requires_grad">Whether gradients are computed.</param>
    public Parameter(Tensor data, bool requires_grad = true)
        : base(data.with_requires_grad(requires_grad).MoveHandle(), register: false)
    {
        DisposeScope.ReplaceWith(data, this);
    }
}
