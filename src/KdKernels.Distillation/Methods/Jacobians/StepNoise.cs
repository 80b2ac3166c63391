using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>Normals that are a function of the training's seed, the step and the place in the batch: a resumed training
/// draws what the unbroken one would have drawn.</summary>
internal static class StepNoise
{
    /// <summary><c>x + σ ξ</c>, ξ ~ N(0, I), of the shape of the images.</summary>
    public static Tensor Added(MethodStep step, Tensor images, double sigma) => Probe(step, images, sigma, samples: 1);

    /// <summary>Unit normals <c>[N, count, ...]</c> for images <c>[N, ...]</c>.</summary>
    public static Tensor Normals(MethodStep step, Tensor images, int count) =>
        Probe(step, zeros_like(images), sigma: 1, count).view([images.shape[0], count, .. images.shape[1..]]);

    /// <summary>Directions <c>[N, count, K]</c> of length √K for logits <c>[N, K]</c>, uniform on the sphere: E v vᵀ = I.</summary>
    public static Tensor Directions(MethodStep step, Tensor logits, int count)
    {
        long classes = logits.shape[1];
        Tensor normals = Normals(step, logits.detach().view(-1, 1, 1, classes), count).view(-1, count, classes);
        return normals / normals.square().mean([2], keepdim: true).sqrt();
    }

    private static Tensor Probe(MethodStep step, Tensor images, double sigma, int samples)
    {
        Tensor deviation = full([1, 1, 1], sigma, images.dtype, images.device);
        uint number = unchecked((uint)step.Step);
        return step.Fused
            ? KdFunctional.NoiseProbe(images, deviation, step.Seed, number, samples: samples)
            : NoiseProbeComposed.Copies(
                images, deviation, new NoiseProbeOptions(step.Seed, number, FirstSample: 0, samples));
    }
}
