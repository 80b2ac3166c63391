namespace KdKernels.Cli.Ops;

/// <summary>An output of an op.</summary>
/// <param name="Name">Its file is <c>NAME.npy</c>.</param>
/// <param name="Shape">Such as <c>[B, C]</c>.</param>
internal sealed record OpOutput(string Name, string Shape)
{
    /// <summary>A loss of rows of logits.</summary>
    public static OpOutput RowLoss { get; } = new("loss", "scalar; one value per row for none");
}
