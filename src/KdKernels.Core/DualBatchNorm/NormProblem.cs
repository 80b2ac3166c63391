namespace KdKernels.Core;

/// <summary>One checked call of DualBatchNorm: forward where there is a result, backward where there is an upstream.</summary>
internal sealed class NormProblem(
    RowsView stack, RowsView mean, RowsView variance, RowsView? weight, RowsView? bias, DualBatchNormSettings settings)
{
    public RowsView Stack => stack;

    public RowsView MeanVector => mean;

    public RowsView VarianceVector => variance;

    public RowsView? WeightVector => weight;

    public RowsView? BiasVector => bias;

    public double Epsilon => settings.Epsilon;

    public long Channels => stack.Inner;

    /// <summary>Elements of a sample's channel.</summary>
    public long Length => stack.Length;

    /// <summary>How many of the stack's samples are the primal's.</summary>
    public long Primals => stack.Outer / (1 + settings.Tangents);

    public RowsView? Result { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? StackGradient { get; init; }
    public RowsView? WeightGradient { get; init; }
    public RowsView? BiasGradient { get; init; }

    public double Mean(long channel) => Memory.Read(mean, 0, channel);

    public double Bias(long channel) => bias is { } beta ? Memory.Read(beta, 0, channel) : 0;

    /// <summary>1 / σ.</summary>
    public double Inverse(long channel) => 1 / Math.Sqrt(Memory.Read(variance, 0, channel) + settings.Epsilon);

    /// <summary>γ / σ.</summary>
    public double Scale(long channel) => (weight is { } gamma ? Memory.Read(gamma, 0, channel) : 1) * Inverse(channel);
}
