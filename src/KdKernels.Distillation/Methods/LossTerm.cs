using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>One term of a method's loss on one batch.</summary>
/// <param name="Name">As logged; unique within the method.</param>
/// <param name="Value">The term without its weight, a scalar.</param>
/// <param name="Weight">Its factor in this step.</param>
/// <param name="Contribution">What is minimised: weight times value, and for a term whose op reads the labels as well,
/// the labels' part with it.</param>
internal sealed record LossTerm(string Name, Tensor Value, double Weight, Tensor Contribution)
{
    public LossTerm(string name, Tensor value, double weight)
        : this(name, value, weight, value * weight)
    {
    }
}
