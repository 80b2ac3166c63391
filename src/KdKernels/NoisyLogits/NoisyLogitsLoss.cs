using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.NoisyLogits"/> as a module: <c>call(student, teacher)</c> on logits <c>[B, C]</c>. Set
/// <see cref="Step"/> before each call, or every step has the same noise.
/// </summary>
public sealed class NoisyLogitsLoss : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="sigma">σ of the noise, finite, 0 or more.</param>
    /// <param name="alpha">The probability with which a sample gets noise, in [0, 1].</param>
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="seed">The key of every random number.</param>
    /// <param name="half">Whether the squares are halved.</param>
    /// <param name="dim">The class dimension; required for logits with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">σ or α out of range; a reduction that does not exist.</exception>
    public NoisyLogitsLoss(
        double sigma, double alpha, KdReduction reduction, ulong seed, bool half = true, long? dim = null)
        : base(nameof(NoisyLogitsLoss))
    {
        KdGuard.IsAtLeastZero(sigma);
        KdGuard.IsFraction(alpha);
        KdGuard.IsReduction(reduction);
        Sigma = sigma;
        Alpha = alpha;
        Reduction = reduction;
        Seed = seed;
        Half = half;
        Dim = dim;
    }

    /// <summary>σ of the noise.</summary>
    public double Sigma { get; }

    /// <summary>The probability with which a sample gets noise.</summary>
    public double Alpha { get; }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>The key of every random number.</summary>
    public ulong Seed { get; }

    /// <summary>Whether the squares are halved.</summary>
    public bool Half { get; }

    /// <summary>The class dimension, null for the second of two.</summary>
    public long? Dim { get; }

    /// <summary>The training step, from 0.</summary>
    public long Step { get; set; }

    /// <summary>The sample of the first row; the others follow it. Ignored where samples are given.</summary>
    public long FirstSample { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) => forward(student, teacher, samples: null);

    /// <summary>The same for rows that have numbers of their own, such as their positions in the data set.</summary>
    /// <param name="student">Logits.</param>
    /// <param name="teacher">Logits without noise.</param>
    /// <param name="samples">Int64, one per row.</param>
    public Tensor forward(Tensor student, Tensor teacher, Tensor? samples) => KdFunctional.NoisyLogits(
        student, teacher, Sigma, Alpha, Reduction, Seed, Step, samples, FirstSample, Half, Dim);
}
