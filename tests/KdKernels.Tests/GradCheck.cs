using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>Analytic derivatives against central differences, in float64, with PyTorch's step and a hundredth of its tolerance.</summary>
internal static class GradCheck
{
    private const double Step = 1e-6;
    private const double Relative = 1e-5;
    private const double Absolute = 1e-7;

    /// <summary>Gradients of Σ weights ⊙ function(inputs), for every input that requires one.</summary>
    internal static void FirstOrder(Func<Tensor[], Tensor> function, params Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        var wanted = inputs.Where(input => input.requires_grad).ToArray();
        var analytic = autograd.grad([Probe(function(inputs))], wanted);
        for (int i = 0; i < wanted.Length; i++)
            Comparison.Close(Numeric(() => Probe(function(inputs)), wanted[i]), Comparison.Values(analytic[i]), Relative, Absolute);
    }

    /// <summary>The same for the gradients themselves: their own gradients with respect to every input.</summary>
    internal static void SecondOrder(Func<Tensor[], Tensor> function, params Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        var wanted = inputs.Where(input => input.requires_grad).ToArray();
        Tensor GradientProbe(bool createGraph)
        {
            var gradients = autograd.grad([Probe(function(inputs))], wanted, retain_graph: true, create_graph: createGraph);
            return gradients.Select(Probe).Aggregate((sum, term) => sum + term);
        }
        var analytic = autograd.grad([GradientProbe(createGraph: true)], wanted);
        for (int i = 0; i < wanted.Length; i++)
            Comparison.Close(Numeric(() => GradientProbe(createGraph: false), wanted[i]), Comparison.Values(analytic[i]), Relative, Absolute);
    }

    // A fixed weighting of the outputs, so that no derivative is hidden by the symmetry of a plain sum.
    private static Tensor Probe(Tensor output)
    {
        var weights = (arange(output.numel(), ScalarType.Float64) * 0.37 + 0.2).sin().view(output.shape);
        return (output * weights).sum();
    }

    private static double[] Numeric(Func<Tensor> function, Tensor input)
    {
        var numeric = new double[input.numel()];
        using var flat = input.detach().view(-1);
        for (int i = 0; i < numeric.Length; i++)
        {
            using var scope = NewDisposeScope();
            double original = flat[i].item<double>();
            flat[i] = tensor(original + Step, ScalarType.Float64);
            double above = function().item<double>();
            flat[i] = tensor(original - Step, ScalarType.Float64);
            double below = function().item<double>();
            flat[i] = tensor(original, ScalarType.Float64);
            numeric[i] = (above - below) / (2 * Step);
        }
        return numeric;
    }
}
