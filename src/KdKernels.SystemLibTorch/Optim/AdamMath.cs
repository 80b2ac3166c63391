using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The step that Adam and AdamW share.</summary>
internal readonly struct AdamMath(double lr, double beta1, double beta2, double eps)
{
    private static readonly AtenOp MaximumOutOp = new("maximum", "out");

    /// <summary>
    /// m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; θ ← θ − lr/(1 − β₁ᵗ)·m / (√v/√(1 − β₂ᵗ) + ε), with the running maximum of v in
    /// place of v where there is one (AMSGrad).
    /// </summary>
    internal void Apply(
        Tensor[] parameters, Tensor[] grads, Tensor[] first, Tensor[] second, Tensor[]? largest, ReadOnlySpan<long> steps)
    {
        Foreach.MulInPlace(first, beta1);
        Foreach.AddInPlace(first, grads, 1 - beta1);
        Foreach.MulInPlace(second, beta2);
        Foreach.AddcmulInPlace(second, grads, grads, 1 - beta2);
        if (largest is not null)
        {
            for (int i = 0; i < largest.Length; i++) MaximumOutOp.CallVoid(largest[i], second[i], largest[i]);
        }

        // A parameter that had no gradient at times has taken fewer steps than the others.
        var correction = new double[steps.Length];
        var size = new double[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            correction[i] = Math.Sqrt(1 - Math.Pow(beta2, steps[i]));
            size[i] = -lr / (1 - Math.Pow(beta1, steps[i]));
        }
        Tensor[] denominator = Foreach.Sqrt(largest ?? second);
        Foreach.DivInPlace(denominator, correction);
        Foreach.AddInPlace(denominator, eps);
        Foreach.AddcdivInPlace(parameters, first, denominator, size);
    }
}
