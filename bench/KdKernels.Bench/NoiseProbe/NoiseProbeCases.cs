using KdKernels.Bench.Harness;
using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.NoiseProbe;

/// <summary>
/// Noisy copies of one image and the gradient of the cells. Least traffic: the copies written forward, their gradient read backward;
/// image, cells and noise are nothing beside them.
/// </summary>
internal static class NoiseProbeCases
{
    private const ulong Seed = 1;
    private const uint Step = 0;

    public static IEnumerable<BenchCase> All()
    {
        yield return Make(samples: 96, size: 224, cells: 16);
        yield return Make(samples: 24, size: 32, cells: 8);
    }

    private static BenchCase Make(int samples, int size, int cells)
    {
        manual_seed(size);
        var image = rand(1, 3, size, size);
        var sigma = (rand(1, cells, cells) * 0.02 + 0.005).detach().requires_grad_();
        var options = new NoiseProbeOptions(Seed, Step, 0, samples);
        long bytes = samples * BenchCase.Bytes(image);
        return new BenchCase
        {
            Op = "noise-probe",
            Shape = $"{samples}x[3,{size},{size}]",
            Leaves = [sigma],
            Fused = () => KdFunctional.NoiseProbe(image, sigma, Seed, Step, samples: samples),
            Composed = [new("randn", () => image + Spread() * randn(samples, 3, size, size))],
            // Our own generator, but with the noise kept for backward: what making it again costs on a CPU.
            Beside = [new("stored", () => NoiseProbeComposed.Copies(image, sigma, options))],
            Expected = () => Oracle(Doubles.Of(image), Doubles.Of(sigma), size, cells, samples),
            ForwardBytes = bytes,
            TotalBytes = 2 * bytes,
        };

        Tensor Spread() => interpolate(sigma.unsqueeze(0), [size, size], mode: InterpolationMode.Nearest);
    }

    private static double Oracle(double[] image, double[] sigma, int size, int cells, int samples) =>
        Enumerable.Range(0, samples).Sum(sample => NoiseProbeOracle.Compute(
            image, sigma, new NoiseProbeShape(1, 3, size, size, 1, cells, cells, FirstSample: sample), Noise).Output.Sum());

    private static double Noise(long sample, long element) =>
        PhiloxNormals.At(Seed, PhiloxPurpose.NoiseProbe, Step, (uint)sample, element);
}
