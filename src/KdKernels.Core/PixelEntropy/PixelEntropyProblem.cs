namespace KdKernels.Core;

/// <summary>One checked call of PixelEntropy: operands, outputs and what is to be computed.</summary>
internal sealed class PixelEntropyProblem
{
    public required RowsView Sigma { get; init; }
    public required PixelEntropySettings Settings { get; init; }

    /// <summary>The reduced entropy.</summary>
    public RowsView? Entropy { get; init; }
    public RowsView? Map { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? Gradient { get; init; }
    public PixelEntropyPoints? Points { get; init; }

    public bool PerUnit => Settings.Reduction == KdReduction.None;

    /// <summary>Units of all images.</summary>
    public long Units => Sigma.Rows * Sigma.Length;

    /// <summary>What the sum over the units is divided by.</summary>
    public double Divisor => Settings.Reduction switch
    {
        KdReduction.Mean => Units,
        KdReduction.BatchMean => Sigma.Outer,
        _ => 1,
    };
}
