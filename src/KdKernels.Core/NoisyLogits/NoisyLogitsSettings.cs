namespace KdKernels.Core;

/// <summary>What <see cref="NoisyLogits"/> computes, apart from its operands.</summary>
/// <param name="Sigma">σ, the standard deviation of the noise; finite, 0 or more.</param>
/// <param name="Alpha">The probability with which a sample gets noise, in [0, 1].</param>
/// <param name="Reduction">How the rows are combined.</param>
public readonly record struct NoisyLogitsSettings(double Sigma, double Alpha, KdReduction Reduction)
{
    /// <summary>The key of every random number.</summary>
    public ulong Seed { get; init; }

    /// <summary>The training step: the same sample gets fresh noise at another step.</summary>
    public uint Step { get; init; }

    /// <summary>The sample of row 0, from which the rows are numbered where <see cref="Samples"/> is null.</summary>
    public long FirstSample { get; init; }

    /// <summary>The sample of each row (Int64, one per row, each in [0, 2^32)).</summary>
    public RowsView? Samples { get; init; }

    /// <summary>Whether the squares are halved, as in <see cref="LogitRegressionSettings.Half"/>.</summary>
    public bool Half { get; init; } = true;

    /// <summary>Whether a sample gets noise: a draw of its own stream falls below α.</summary>
    internal bool IsSelected(uint sample) =>
        new PhiloxSequence(Seed, PhiloxPurpose.NoisyLogitsSelection, Step, sample).NextDouble() < Alpha;

    /// <summary>How many of the 2^53 draws, which are multiples of 2^-53, fall below α: the same choice in integers.</summary>
    internal long SelectedDraws => (long)Math.Ceiling(Alpha * (1L << 53));
}
