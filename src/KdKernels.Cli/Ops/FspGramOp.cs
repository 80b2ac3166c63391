using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op fsp-gram</c>.</summary>
internal sealed class FspGramOp : OpDefinition
{
    public override string Name => "fsp-gram";

    public override string Summary =>
        "G_ij = (1/HW)·Σ_p F1_ip·F2_jp of two layers per sample (Yim, Joo, Bae and Kim 2017, section 3.1)";

    public override string Contract =>
        "numerator: Σ over pixels; divisor: HW of the smaller size; power of T: 0; nothing is detached; "
        + "the larger layer is pooled to the smaller height and width";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("features1", "[B, C1, H1, W1]", "the first layer"),
        new("features2", "[B, C2, H2, W2]", "the second layer"),
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } = [OpMaps.Pooling];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("gram", "[B, C1, C2]")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
        [KdFunctional.FspGram(call.Tensor("features1"), call.Tensor("features2"), OpMaps.PoolingOf(call))];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
        [FspGramComposed.Gram(call.Tensor("features1"), call.Tensor("features2"), OpMaps.PoolingOf(call))];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        OracleMaps first = OpMaps.Oracle(call, "features1"), second = OpMaps.Oracle(call, "features2");
        bool average = OpMaps.PoolingOf(call) == FspPooling.Average;
        double[] gram = FspGramOracle.Gram(first, second, average);
        double[] weights = upstream ?? [.. Enumerable.Repeat(1.0, gram.Length)];
        (double[] gradient1, double[] gradient2) = FspGramOracle.Gradients(first, second, average, weights);
        return new OracleRun(
            [new OracleValue(gram, first.Batch, first.Channels, second.Channels)],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["features1"] = gradient1,
                ["features2"] = gradient2,
            });
    }
}
