namespace KdKernels.Core;

/// <summary>One checked call of SoftmaxEntropy on the CPU: operands, outputs and what is to be computed.</summary>
internal sealed class SoftmaxEntropyCpu
{
    // Beyond these, 1/T and the tempered differences leave single precision; float32 logits are then widened.
    private const double SmallestSingle = 1.0 / (1 << 20);
    private const double LargestSingle = 1 << 20;

    public required RowsView Logits { get; init; }
    public required double Temperature { get; init; }
    public required KdReduction Reduction { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? Gradient { get; init; }

    /// <summary>What the sum over the rows is divided by.</summary>
    public double Divisor => Reduction switch
    {
        KdReduction.Mean => (double)Logits.Rows * Logits.Length,
        KdReduction.BatchMean => Logits.Rows,
        _ => 1,
    };

    public static void Run(
        RowsView logits, in SoftmaxEntropySettings settings, RowsView? loss, RowsView? upstream, RowsView? gradient)
    {
        new SoftmaxEntropyCpu
        {
            Logits = logits,
            Temperature = settings.Temperature,
            Reduction = settings.Reduction,
            Loss = loss,
            Upstream = upstream,
            Gradient = gradient,
        }.Run();
    }

    private void Run()
    {
        bool single = Logits.ElementType == KdElementType.Float32
            && Temperature is >= SmallestSingle and <= LargestSingle;
        double sum = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => EntropyWork<Float32x16, float>.Run(this),
            (VectorWidth.Bits512, false) => EntropyWork<Float64x8, double>.Run(this),
            (VectorWidth.Bits256, true) => EntropyWork<Float32x8, float>.Run(this),
            (VectorWidth.Bits256, false) => EntropyWork<Float64x4, double>.Run(this),
            (_, true) => EntropyWork<Float32x1, float>.Run(this),
            (_, false) => EntropyWork<Float64x1, double>.Run(this),
        };
        if (Loss is { } loss && Reduction != KdReduction.None) Memory.Write(loss, 0, 0, sum / Divisor);
    }
}
