using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op softmax-jvp</c>.</summary>
internal sealed class SoftmaxJvpOp : OpDefinition
{
    public override string Name => "softmax-jvp";

    public override string Summary =>
        "p ⊙ (v − ⟨p, v⟩) / T per row and tangent v, p = softmax(logits/T): the softmax differentiated along K directions";

    public override string Contract => "nothing is reduced; power of T: -1; nothing is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("logits", "[B, C]", "raw logits"),
        new("tangents", "[B, K, C]", "directions; [B, C] for one"),
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Temperature,
        OpSetting.Choice("of", "the function that is differentiated", "softmax", "log-softmax"),
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("jvp", "the shape of the tangents")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.SoftmaxJvp(call.Tensor("logits"), call.Tensor("tangents"), call.Number("temperature"), Of(call)),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
    [
        SoftmaxJvpComposed.Values(
            call.Tensor("logits"), call.Tensor("tangents"), new(call.Number("temperature"), Of(call))),
    ];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        long[] shape = call.Shape("tangents");
        SoftmaxJvpOracleResult result = SoftmaxJvpOracle.Compute(
            call.Values("logits"),
            call.Values("tangents"),
            (int)shape[^1],
            shape.Length == 3 ? (int)shape[1] : 1,
            call.Number("temperature"),
            Of(call) == SoftmaxForm.LogSoftmax,
            upstream);
        return new OracleRun(
            [new OracleValue(result.Values, shape)],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["logits"] = result.LogitsGradient,
                ["tangents"] = result.TangentsGradient,
            });
    }

    private static SoftmaxForm Of(OpCall call) =>
        call.Choice("of") == "softmax" ? SoftmaxForm.Softmax : SoftmaxForm.LogSoftmax;
}
