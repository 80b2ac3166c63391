namespace KdKernels.Core;

/// <summary>What is summed over the classes of a row.</summary>
internal enum KlForm
{
    /// <summary>KL(p ‖ q), p the teacher's and q the student's distribution.</summary>
    Divergence,

    /// <summary>(1 − b)·KL(p ‖ m) + b·KL(q ‖ m) with m = (1 − b)p + bq, b at most 1/2.</summary>
    JensenShannon,

    /// <summary>½ Σ|p − q|.</summary>
    TotalVariation,

    /// <summary>The divergence split at the label: target against rest, and within the rest.</summary>
    Decoupled,
}

/// <summary>
/// One checked call of an op on student and teacher logits: operands, outputs, what is to be computed.
/// </summary>
internal sealed unsafe class KlProblem
{
    // Within these, squares and reciprocals of tempered differences stay normal numbers in single precision; beyond
    // them float32 logits are widened.
    private const double SmallestSingle = 1.0 / (1 << 20);
    private const double LargestSingle = 1 << 20;

    public required RowsView Student { get; init; }
    public required RowsView Teacher { get; init; }
    public required double Temperature { get; init; }
    public required bool TemperatureSquared { get; init; }
    public required KdReduction Reduction { get; init; }
    public KlForm Form { get; init; }

    /// <summary>
    /// Whether the operands have changed places: the view called Student holds the caller's teacher.
    /// </summary>
    public bool IsSwapped { get; init; }

    /// <summary>q's share b of the mixture, at most 1/2.</summary>
    public double MixtureWeight { get; init; }

    /// <summary>What multiplies the target's part of the decoupled form.</summary>
    public double TargetWeight { get; init; }

    /// <summary>What multiplies the part within the other classes of the decoupled form.</summary>
    public double OtherWeight { get; init; }
    public RowsView? ClassWeights { get; init; }
    public RowsView? Labels { get; init; }
    public long IgnoreIndex { get; init; }
    public bool WithCrossEntropy { get; init; }
    public required double KlWeight { get; init; }

    /// <summary>Whether −Σ w p log p belongs to the divergence, which makes it −Σ w p log q. It has no student
    /// gradient.</summary>
    public bool WithTeacherEntropy { get; init; }
    public double CrossEntropyWeight { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? RowMetrics { get; init; }
    public RowsView? Totals { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? StudentGradient { get; init; }
    public RowsView? TeacherGradient { get; init; }

    public bool IsLimit => double.IsPositiveInfinity(Temperature);

    public double InverseTemperature => 1 / Temperature;

    /// <summary>
    /// What the divergence of a row is multiplied by: T² or 1. At T = ∞ the T² is part of the limit, which is the same
    /// for a mixture but for a factor.
    /// </summary>
    public double KlFactor => IsLimit ? LimitFactor : TemperatureSquared ? Temperature * Temperature : 1;

    /// <summary>
    /// What the gradient with respect to tempered logits is multiplied by: T, or 1/T without the T².
    /// </summary>
    public double GradientFactor => IsLimit ? LimitFactor : TemperatureSquared ? Temperature : InverseTemperature;

    public bool WantsMetrics => RowMetrics is not null || Totals is not null;

    public bool WantsGradient => StudentGradient is not null || TeacherGradient is not null;

    private double LimitFactor => Form == KlForm.JensenShannon ? MixtureWeight * (1 - MixtureWeight) : 1;

    private bool UsesLabels => WithCrossEntropy || Form == KlForm.Decoupled;

    /// <summary>What the sum over the valid rows is divided by; set by <see cref="Run"/>.</summary>
    public double Divisor { get; private set; }

    public void Run()
    {
        long valid = CountValidRows();
        Divisor = Reduction switch
        {
            KdReduction.Mean => (double)valid * Student.Length,
            KdReduction.BatchMean => valid,
            _ => 1,
        };
        bool single = Student.ElementType == KdElementType.Float32
            && (IsLimit || Temperature is >= SmallestSingle and <= LargestSingle);
        double[] sums = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => KlWork<Float32x16, float>.Run(this),
            (VectorWidth.Bits512, false) => KlWork<Float64x8, double>.Run(this),
            (VectorWidth.Bits256, true) => KlWork<Float32x8, float>.Run(this),
            (VectorWidth.Bits256, false) => KlWork<Float64x4, double>.Run(this),
            (_, true) => KlWork<Float32x1, float>.Run(this),
            (_, false) => KlWork<Float64x1, double>.Run(this),
        };
        WriteTotals(sums, valid);
    }

    public bool IsValid(long row) => Labels is null || Label(row) != IgnoreIndex;

    public long Label(long row) => ((long*)Labels!.Value.Data)[Labels.Value.RowOffset(row)];

    public double UpstreamOf(long row) =>
        Upstream is { } upstream ? Memory.Read(upstream, Reduction == KdReduction.None ? row : 0, 0) : 1;

    /// <summary>Counts, and checks every label before anything is written.</summary>
    private long CountValidRows()
    {
        if (Labels is not { } labels) return Student.Rows;
        long valid = 0;
        for (long outer = 0; outer < labels.Outer; outer++)
        {
            long* label = (long*)labels.Data + (outer * labels.OuterStride);
            for (long inner = 0; inner < labels.Inner; inner++, label += labels.InnerStride)
            {
                if (*label == IgnoreIndex) continue;
                valid++;
                if (UsesLabels && (*label < 0 || *label >= Student.Length))
                {
                    throw new ArgumentException(
                        $"expected labels in [0, {Student.Length}) or the ignored index {IgnoreIndex} "
                        + $"but got {*label} in row {(outer * labels.Inner) + inner}",
                        "labels");
                }
            }
        }

        return valid;
    }

    private void WriteTotals(double[] sums, long valid)
    {
        for (int i = 0; i < 3; i++) sums[i] /= Divisor;
        sums[3] /= valid;
        sums[4] /= valid;
        sums[7] = valid;
        if (Loss is { } loss && Reduction != KdReduction.None) Memory.Write(loss, 0, 0, sums[0]);
        if (Totals is not { } totals) return;
        for (int i = 0; i < HintonTotals.Count; i++) Memory.Write(totals, 0, i, sums[i]);
    }
}
