namespace KdKernels.Cli.Ops;

/// <summary>Every op that <c>kd op</c> runs.</summary>
internal static class OpCatalog
{
    /// <summary>In the order of their names.</summary>
    public static IReadOnlyList<OpDefinition> All { get; } =
    [
        new AttentionMapOp(),
        new AttentionSquaredOp(),
        new CosineKlOp(),
        new CrdContrastOp(),
        new DecoupledKdOp(),
        new DualBatchNormOp(),
        new DualMaxPoolOp(),
        new DualReluOp(),
        new FspGramOp(),
        new FspLossOp(),
        new HintonLossOp(),
        new JsdOp(),
        new LogitRegressionOp(),
        new NoiseProbeOp(),
        new NoisyLogitsOp(),
        new NormalizedMatchOp(),
        new PixelEntropyOp(),
        new ReverseKlOp(),
        new SoftCrossEntropyOp(),
        new SoftmaxEntropyOp(),
        new SoftmaxJvpOp(),
        new TeacherBoundedOp(),
        new TemperedKlOp(),
        new TotalVariationOp(),
        new VidLikelihoodOp(),
    ];

    /// <exception cref="OpException">There is none.</exception>
    public static OpDefinition Find(string name) =>
        All.FirstOrDefault(op => string.Equals(op.Name, name, StringComparison.Ordinal))
        ?? throw new OpException($"there is no op '{name}'; there are {string.Join(", ", All.Select(op => op.Name))}");
}
