using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What NoisyLogits computes, apart from the tensors.</summary>
/// <param name="Sigma">σ of the noise, finite, 0 or more.</param>
/// <param name="Alpha">The probability with which a row gets noise.</param>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="ClassDimension">The class dimension, from 0.</param>
public sealed record NoisyLogitsOptions(double Sigma, double Alpha, KdReduction Reduction, int ClassDimension = 1)
{
    /// <summary>The key of every random number.</summary>
    public ulong Seed { get; init; }

    /// <summary>The training step.</summary>
    public uint Step { get; init; }

    /// <summary>The sample of the first row, where rows have no numbers of their own.</summary>
    public long FirstSample { get; init; }

    /// <summary>Whether the squares are halved.</summary>
    public bool Half { get; init; } = true;

    /// <summary>The same loss without noise.</summary>
    internal LogitRegressionOptions WithoutNoise => new(Reduction, ClassDimension) { Half = Half };

    internal NoisyLogitsSettings ToSettings(RowsView? samples) => new(Sigma, Alpha, Reduction)
    {
        Seed = Seed,
        Step = Step,
        FirstSample = FirstSample,
        Samples = samples,
        Half = Half,
    };
}
