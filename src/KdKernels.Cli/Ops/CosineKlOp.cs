using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op cosine-kl</c>.</summary>
internal sealed class CosineKlOp : OpDefinition
{
    public override string Name => "cosine-kl";

    public override string Summary =>
        "τ² · KL(softmax(S_t/τ) ‖ softmax(S_s/τ)) per augmented embedding, S its cosines with the normal ones "
        + "(SSKD: Xu, Liu, Li and Loy 2020, section 3.3)";

    public override string Contract =>
        "numerator: the sum over normal embeddings; divisor: 1 (none, sum), kept rows (batch-mean), kept rows · B (mean); "
        + "power of τ: 2, or 0 with t-squared=false; the teacher is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student-augmented", "[A, D]", "embeddings of augmented images"),
        new("student-normal", "[B, D]", "embeddings of the images themselves"),
        new("teacher-augmented", "[A, E]", "the teacher's") { Differentiable = false },
        new("teacher-normal", "[B, E]", "the teacher's") { Differentiable = false },
        new("keep", "[A]", "rows that count; all where absent") { Kind = OpInputKind.Mask, Optional = true },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
        [OpSetting.Number("temperature", null, "τ; 0.5 in the paper, inf for the limit"), OpSetting.Reduction, OpSetting.TSquared];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("loss", "scalar; [A] for none")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.CosineKl(
            call.Tensor("student-augmented"),
            call.Tensor("student-normal"),
            call.Tensor("teacher-augmented"),
            call.Tensor("teacher-normal"),
            call.Number("temperature"),
            call.Reduction,
            call.Optional("keep"),
            call.Flag("t-squared")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
    [
        CosineKlComposed.Loss(
            call.Tensor("student-augmented"),
            call.Tensor("student-normal"),
            call.Tensor("teacher-augmented"),
            call.Tensor("teacher-normal"),
            new CosineKlOptions(call.Number("temperature"), call.Reduction, call.Flag("t-squared")),
            call.Optional("keep")),
    ];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        CosineKlOracleResult result = CosineKlOracle.Compute(
            call.Values("student-augmented"),
            call.Values("student-normal"),
            (int)call.Shape("student-augmented")[1],
            call.Values("teacher-augmented"),
            call.Values("teacher-normal"),
            (int)call.Shape("teacher-augmented")[1],
            call.Number("temperature"),
            call.OracleReduction,
            call.Flag("t-squared"),
            call.OptionalMask("keep"),
            upstream);
        OracleValue loss = call.OracleReduction == OracleReduction.None
            ? new OracleValue(result.RowLosses, result.RowLosses.Length)
            : OracleValue.Scalar(result.Loss);
        return new OracleRun(
            [loss],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["student-augmented"] = result.AugmentedGradient,
                ["student-normal"] = result.NormalGradient,
            });
    }
}
