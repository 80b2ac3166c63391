using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op normalized-match</c>.</summary>
internal sealed class NormalizedMatchOp : OpDefinition
{
    public override string Name => "normalized-match";

    public override string Summary =>
        "‖s/max(‖s‖, eps) − t/max(‖t‖, eps)‖² per sample, 2 − 2 cos above eps (Srinivas and Fleuret 2018, section 3)";

    public override string Contract =>
        "numerator: the sum over the elements of a sample; divisor: 1 (none, sum), N (batch-mean), N · elements (mean); "
        + "power of T: 0; the teacher is a constant";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[N, ...]", "a Jacobian row, gradient or map per sample"),
        new("teacher", "[N, ...]", "the same of the teacher") { Differentiable = false },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
        [OpSetting.Reduction, OpSetting.Number("eps", "1e-12", "the smallest norm that is divided by")];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("loss", "scalar; [N] for none")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
        [KdFunctional.NormalizedMatch(call.Tensor("student"), call.Tensor("teacher"), call.Reduction, call.Number("eps"))];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
    [
        NormalizedMatchComposed.Loss(
            call.Tensor("student"), call.Tensor("teacher"), new(call.Reduction, call.Number("eps"))),
    ];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        long[] shape = call.Shape("student");
        int length = (int)shape.Skip(1).Aggregate(1L, (product, size) => product * size);
        NormalizedMatchOracleResult result = NormalizedMatchOracle.Compute(
            call.Values("student"), call.Values("teacher"), length, call.Number("eps"), call.OracleReduction, upstream);
        return new OracleRun(
            [
                call.Reduction == KdReduction.None
                    ? new OracleValue(result.RowLosses, shape[0])
                    : OracleValue.Scalar(result.Loss),
            ],
            new Dictionary<string, double[]>(StringComparer.Ordinal) { ["student"] = result.StudentGradient });
    }
}
