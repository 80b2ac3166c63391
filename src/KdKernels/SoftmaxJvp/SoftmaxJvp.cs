using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.SoftmaxJvp"/> as a module: <c>call(logits, tangents)</c>.</summary>
public sealed class SoftmaxJvp : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="temperature">T, positive and finite.</param>
    /// <param name="of">The function that is differentiated.</param>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN.</exception>
    public SoftmaxJvp(double temperature, SoftmaxForm of = SoftmaxForm.Softmax)
        : base(nameof(SoftmaxJvp))
    {
        KdGuard.IsFiniteTemperature(temperature);
        Temperature = temperature;
        Of = of;
    }

    /// <summary>T; may be changed between calls, by a schedule for example.</summary>
    public double Temperature { get; set; }

    /// <summary>The function that is differentiated.</summary>
    public SoftmaxForm Of { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor logits, Tensor tangents) =>
        KdFunctional.SoftmaxJvp(logits, tangents, Temperature, Of);
}
