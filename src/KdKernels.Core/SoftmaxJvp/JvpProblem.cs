namespace KdKernels.Core;

/// <summary>One checked call of SoftmaxJvp: forward where there is a result, backward where there is an upstream.</summary>
internal sealed class JvpProblem
{
    public required RowsView Logits { get; init; }
    public required RowsView Tangents { get; init; }
    public required SoftmaxJvpSettings Settings { get; init; }
    public RowsView? Result { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? LogitsGradient { get; init; }
    public RowsView? TangentsGradient { get; init; }
}
