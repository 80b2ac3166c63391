using KdKernels.Core;

namespace KdKernels;

/// <summary>What SoftmaxJvp computes, apart from logits and tangents.</summary>
/// <param name="Temperature">T, positive and finite.</param>
/// <param name="Of">The function that is differentiated.</param>
public sealed record SoftmaxJvpOptions(double Temperature, SoftmaxForm Of = SoftmaxForm.Softmax)
{
    internal SoftmaxJvpSettings ToSettings() => new(Temperature, Of);
}
