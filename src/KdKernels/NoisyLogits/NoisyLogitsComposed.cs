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
        var wide = TensorMemory.Widen(teacher);
        return LogitRegressionComposed.Loss(student, wide * (1 + Noise(wide, options, samples)), options.WithoutNoise);
    }

    /// <summary>σξ of every logit, 0 in rows that are not selected: what the fused op makes and never stores.</summary>
    /// <param name="logits">Gives the shape, the dtype and the device.</param>
    /// <param name="options">Seed, step, σ and α.</param>
    /// <param name="samples">Int64, one per row, or null: rows are numbered from the first sample.</param>
    public static Tensor Noise(Tensor logits, NoisyLogitsOptions options, Tensor? samples = null)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(options);
        using var scope = NewDisposeScope();
        if (logits.device_type == DeviceType.CUDA) return OfDevice(logits, options, samples).MoveToOuterDisposeScope();
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

    // The gradient of ½ Σ (0 − (1 + σξ)·1)² is −(1 + σξ): the op's own noise, where a tensor made on the CPU would have to be waited
    // for.
    private static Tensor OfDevice(Tensor logits, NoisyLogitsOptions options, Tensor? samples)
    {
        using var withoutGraph = no_grad();
        var unit = ones(logits.shape, TensorMemory.ResultType(logits), logits.device);
        var squares = new NoisyLogitsFunction(
            options with { Reduction = KdReduction.Sum, Half = true }, RowLayout.Contiguous(options.ClassDimension));
        var gradients = new Tensor?[3];
        squares.Forward([zeros_like(unit), unit, samples?.contiguous()], [true, false, false], gradients);
        return (-1 - gradients[0]!).to(logits.dtype);
    }
}
