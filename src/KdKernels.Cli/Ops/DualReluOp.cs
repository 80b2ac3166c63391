using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op dual-relu</c>.</summary>
internal sealed class DualReluOp : OpDefinition
{
    /// <summary>K, which the shape of a stack does not tell.</summary>
    public static OpSetting Tangents { get; } =
        OpSetting.Integer("tangents", null, "K: the stack is [x; v_1; ...; v_K] along the first dimension");

    public override string Name => "dual-relu";

    public override string Summary => "ReLU of dual numbers: max(x, 0), and each tangent where x > 0";

    public override string Contract => "nothing is reduced or detached; the mask is constant";

    public override IReadOnlyList<OpInput> Inputs { get; } =
        [new("stack", "[(1 + K) B, ...]", "the batch x, then each tangent's batch")];

    public override IReadOnlyList<OpSetting> Settings { get; } = [Tangents];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("stack-out", "the shape of the stack")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
        [KdFunctional.DualRelu(call.Tensor("stack"), call.Integer("tangents"))];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
        [DualReluComposed.Values(call.Tensor("stack"), call.Integer("tangents"))];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        (double[] values, double[] gradient) =
            DualReluOracle.Compute(call.Values("stack"), (int)call.Integer("tangents"), upstream);
        return new OracleRun(
            [new OracleValue(values, call.Shape("stack"))],
            new Dictionary<string, double[]>(StringComparer.Ordinal) { ["stack"] = gradient });
    }
}
