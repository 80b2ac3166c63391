using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op dual-batch-norm</c>.</summary>
internal sealed class DualBatchNormOp : OpDefinition
{
    public override string Name => "dual-batch-norm";

    public override string Summary =>
        "batch norm of dual numbers by running statistics: weight (x - mean) / sigma + bias, and weight / sigma times each tangent";

    public override string Contract => "nothing is reduced; the running statistics are constants; bias has its gradient from x alone";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("stack", "[(1 + K) B, C, ...]", "the batch x, then each tangent's batch"),
        new("running-mean", "[C]", "per channel") { Differentiable = false },
        new("running-variance", "[C]", "per channel") { Differentiable = false },
        new("weight", "[C]", "scale; ones where absent") { Optional = true },
        new("bias", "[C]", "shift; zeros where absent") { Optional = true },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
        [DualReluOp.Tangents, OpSetting.Number("eps", "1e-5", "added to the variance")];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("stack-out", "the shape of the stack")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.DualBatchNorm(
            call.Tensor("stack"),
            call.Integer("tangents"),
            call.Tensor("running-mean"),
            call.Tensor("running-variance"),
            call.Optional("weight"),
            call.Optional("bias"),
            call.Number("eps")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
    [
        DualBatchNormComposed.Values(
            call.Tensor("stack"),
            call.Integer("tangents"),
            call.Tensor("running-mean"),
            call.Tensor("running-variance"),
            call.Optional("weight"),
            call.Optional("bias"),
            call.Number("eps")),
    ];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        long[] shape = call.Shape("stack");
        DualBatchNormOracleResult result = DualBatchNormOracle.Compute(
            call.Values("stack"),
            (int)call.Integer("tangents"),
            (int)shape.Skip(2).Aggregate(1L, (product, size) => product * size),
            call.Values("running-mean"),
            call.Values("running-variance"),
            call.OptionalValues("weight"),
            call.OptionalValues("bias"),
            call.Number("eps"),
            upstream);
        var gradients = new Dictionary<string, double[]>(StringComparer.Ordinal) { ["stack"] = result.StackGradient };
        if (call.Has("weight")) gradients["weight"] = result.WeightGradient;
        if (call.Has("bias")) gradients["bias"] = result.BiasGradient;
        return new OracleRun([new OracleValue(result.Values, shape)], gradients);
    }
}
