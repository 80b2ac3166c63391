using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.NoisyLogits"/> by composed torch operations with the noise as a tensor, differentiable any number of
/// times. The autograd function takes its second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class NoisyLogitsComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    /// <param name="student">Logits.</param>
    /// <param name="teacher">Logits without noise.</param>
    /// <param name="options">Noise, reduction and half.</param>
    /// <param name="samples">Int64, one per row, or null: rows are numbered from the first sample.</param>
    public static Tensor Loss(Tensor student, Tensor teacher, NoisyLogitsOptions options, Tensor? samples = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(options);
        return LogitRegressionComposed.Loss(student, teacher * (1 + Noise(teacher, options, samples)), options.WithoutNoise);
    }

    /// <summary>σξ of every logit, 0 in rows that are not selected: what the fused op makes and never stores.</summary>
    /// <param name="logits">Gives the shape and the dtype.</param>
    /// <param name="options">Seed, step, σ and α.</param>
    /// <param name="samples">Int64, one per row, or null: rows are numbered from the first sample.</param>
    public static Tensor Noise(Tensor logits, NoisyLogitsOptions options, Tensor? samples = null)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(options);
        using var scope = NewDisposeScope();
        int dim = options.ClassDimension;
        long classes = logits.shape[dim];
        long[] rows = [.. logits.shape.Where((_, dimension) => dimension != dim)];
        var settings = options.ToSettings(samples: null);
        long[]? numbers = samples?.contiguous().data<long>().ToArray();
        var noise = new double[logits.numel()];
        for (long i = 0; i < noise.Length; i++)
        {
            long row = i / classes;
            noise[i] = Core.NoisyLogits.Noise(settings, numbers is null ? options.FirstSample + row : numbers[row], i % classes);
        }
        // The classes were last; back to where they belong.
        long[] order = [.. Enumerable.Range(0, rows.Length).Select(dimension => (long)dimension)];
        return tensor(noise, [.. rows, classes]).permute([.. order[..dim], rows.Length, .. order[dim..]])
            .to(logits.dtype).MoveToOuterDisposeScope();
    }
}
