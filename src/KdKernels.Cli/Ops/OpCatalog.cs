namespace KdKernels.Cli.Ops;

/// <summary>Every op that <c>kd op</c> runs.</summary>
internal static class OpCatalog
{
    /// <summary>In the order of their names.</summary>
    public static IReadOnlyList<OpDefinition> All { get; } =
    [
        new AttentionMapOp(),
        new AttentionSquaredOp(),
        new FspGramOp(),
        new FspLossOp(),
        new HintonLossOp(),
        new NormalizedMatchOp(),
        new SoftmaxJvpOp(),
        new TemperedKlOp(),
    ];

    /// <exception cref="OpException">There is none.</exception>
    public static OpDefinition Find(string name) =>
        All.FirstOrDefault(op => string.Equals(op.Name, name, StringComparison.Ordinal))
        ?? throw new OpException($"there is no op '{name}'; there are {string.Join(", ", All.Select(op => op.Name))}");
}
