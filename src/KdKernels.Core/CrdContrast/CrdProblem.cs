namespace KdKernels.Core;

/// <summary>One checked call of <see cref="CrdContrast"/>.</summary>
internal sealed class CrdProblem
{
    public required RowsView Anchors { get; init; }

    public required RowsView Bank { get; init; }

    public required RowsView Positives { get; init; }

    public required CrdChoice Negatives { get; init; }

    public required double Temperature { get; init; }

    public double Normalizer { get; init; } = 1;

    public RowsView? NormalizerAt { get; init; }

    public double Epsilon { get; init; }

    public KdReduction Reduction { get; init; }

    public RowsView? Loss { get; init; }

    public RowsView? Upstream { get; init; }

    public RowsView? Gradient { get; init; }

    /// <summary>K.</summary>
    public int Count => Negatives.Count;

    /// <summary>What is added to s/τ: −log Z − log(c + ε), so that e^a = x/(c + ε).</summary>
    public double Offset => -Math.Log(Normalizer) - Math.Log(Share + Epsilon);

    /// <summary>What ε adds to every negative: log((c + ε)/c).</summary>
    public double EpsilonTerm => ScalarMath.Log1p(Epsilon / Share);

    public double Divisor => Reduction == KdReduction.BatchMean ? Anchors.Rows : 1;

    /// <summary>c = K/n.</summary>
    public double Share => (double)Count / Bank.Rows;

    public unsafe long Positive(long anchor) => ((long*)Positives.Data)[Positives.RowOffset(anchor)];

    public double UpstreamOf(long anchor) =>
        Upstream is { } upstream ? Memory.Read(upstream, Reduction == KdReduction.None ? anchor : 0, 0) : 1;
}
