using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op softmax-entropy</c>.</summary>
internal sealed class SoftmaxEntropyOp : OpDefinition
{
    public override string Name => "softmax-entropy";

    public override string Summary => "−Σ p log p with p = softmax(logits/T), in nats, per row or pixel";

    public override string Contract =>
        "numerator: the sum over classes; divisor: 1 (none, sum), rows (batch-mean), rows · C (mean); "
        + "power of T: 0; nothing is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
        [new("logits", "[B, C]", "raw logits; more dimensions with dim")];

    public override IReadOnlyList<OpSetting> Settings { get; } =
        [OpSetting.Temperature, OpSetting.Reduction, OpSetting.Dim];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("entropy", "scalar; one value per row for none")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.SoftmaxEntropy(
            call.Tensor("logits"), call.Number("temperature"), call.Reduction, call.Integer("dim")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor logits = call.Tensor("logits");
        int dimension = OpRows.Dimension(logits.dim(), call.Integer("dim"));
        return [SoftmaxEntropyComposed.Loss(logits, new(call.Number("temperature"), call.Reduction, dimension))];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("logits"), call.Integer("dim"));
        SoftmaxEntropyOracleResult result = SoftmaxEntropyOracle.Compute(
            rows.ToRows(call.Values("logits")),
            rows.Classes,
            call.Number("temperature"),
            call.OracleReduction,
            upstream);
        return new OracleRun(
            [rows.Reduced(call.OracleReduction, result.RowEntropies, result.Loss)],
            new Dictionary<string, double[]>(StringComparer.Ordinal) { ["logits"] = rows.FromRows(result.Gradient) });
    }
}
