namespace KdKernels.Core;

/// <summary>
/// One checked call of TemperedKl, HintonLoss or SoftCrossEntropy: operands, outputs and what is to be computed.
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

    /// <summary>What the divergence of a row is multiplied by: T² or 1. At T = ∞ the T² is part of the limit.</summary>
    public double KlFactor => IsLimit || !TemperatureSquared ? 1 : Temperature * Temperature;

    /// <summary>What q − p is multiplied by: T, or 1/T without the T².</summary>
    public double GradientFactor => IsLimit ? 1 : TemperatureSquared ? Temperature : InverseTemperature;

    public bool WantsMetrics => RowMetrics is not null || Totals is not null;

    public bool WantsGradient => StudentGradient is not null || TeacherGradient is not null;

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
                if (WithCrossEntropy && (*label < 0 || *label >= Student.Length))
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
