using KdKernels.Analysis.Probe;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Tests.Probe;

/// <summary>The entropy probe as plain torch operations on one image at a time: stored noise, upsampling, autograd.</summary>
internal static class ComposedProbe
{
    /// <summary>Mean entropy and deviations before every step, extra steps included.</summary>
    public static IReadOnlyList<(double Entropy, double[] Sigma)> Descend(
        Sequential network, Tensor images, int image, ProbeSettings settings)
    {
        using var scope = NewDisposeScope();
        Tensor input = images.narrow(0, image, 1);
        Tensor clean = network.call(input).detach().relu();
        int grid = settings.Grid;
        Tensor sigma = full([grid, grid], settings.InitialSigma, ScalarType.Float64);
        double scale;
        using (no_grad())
        {
            scale = Error(sigma, 0).item<double>();
        }

        List<(double Entropy, double[] Sigma)> steps = [];
        bool reached = false;
        double alpha = settings.Alpha;
        for (uint step = 0; step < settings.Steps + settings.ExtraSteps; step++)
        {
            if (step == settings.Steps)
            {
                if (reached)
                {
                    break;
                }

                alpha *= settings.AlphaGrowth;
            }

            Tensor leaf = sigma.detach().clone().requires_grad_();
            Tensor entropy = (leaf.log() + 0.5 * Math.Log(2 * Math.PI * Math.E)).mean();
            (Error(leaf, step + 1) / scale - alpha * entropy).backward();
            steps.Add((entropy.item<double>(), EntropyProbe.Values(leaf)));
            reached |= entropy.item<double>() > settings.TargetEntropy;
            sigma = (leaf.detach() - settings.LearningRate * leaf.grad!).clamp(settings.MinSigma, settings.MaxSigma);
        }

        return steps;

        Tensor Error(Tensor deviations, uint step)
        {
            // Zero images with deviation 1 give the noise itself.
            Tensor noise = KdFunctional.NoiseProbe(
                zeros_like(input), ones([1, 1, 1], ScalarType.Float64), settings.Seed, step,
                (uint)(image * settings.Samples), settings.Samples);
            long repeat = input.shape[2] / grid;
            Tensor pixels = deviations.repeat_interleave(repeat, 0).repeat_interleave(repeat, 1);
            return (network.call(input + pixels * noise).relu() - clean).square().mean();
        }
    }
}
