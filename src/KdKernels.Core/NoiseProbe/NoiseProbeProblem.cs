namespace KdKernels.Core;

/// <summary>One checked call of NoiseProbe: operands, outputs and what is to be computed.</summary>
internal sealed class NoiseProbeProblem
{
    public required NoiseProbeSettings Settings { get; init; }
    public required RowsView Sigma { get; init; }

    /// <summary>The copies, or their gradient: [images x samples, channels, pixels].</summary>
    public required RowsView Copies { get; init; }

    /// <summary>Forward: the images.</summary>
    public RowsView? Input { get; init; }

    /// <summary>Backward: where the gradient goes.</summary>
    public RowsView? SigmaGradient { get; init; }

    public int Width => Settings.Width;

    public int Height => checked((int)(Copies.Length / Settings.Width));

    public long Channels => Copies.Inner;
}
