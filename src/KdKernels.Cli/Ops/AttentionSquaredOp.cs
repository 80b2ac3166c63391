using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op attention-squared</c>.</summary>
internal sealed class AttentionSquaredOp : OpDefinition
{
    public override string Name => "attention-squared";

    public override string Summary =>
        "q = Q/max(‖Q‖₂, 1e-12) with Q_j = Σ_c |F_cj|^p: β·Σ_j (q_s − q_t)_j², or (β/2)·‖q_s − q_t‖₂ "
        + "(Zagoruyko and Komodakis 2017, section 3.1)";

    public override string Contract =>
        "numerator: the above per sample, β included; divisor: 1 (none, sum), B (batch-mean), B·h·w (mean, not for paper); "
        + "power of T: 0; the teacher is detached; larger features are average-pooled to the smaller height and width";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, Cs, Hs, Ws]", "features"),
        new("teacher", "[B, Ct, Ht, Wt]", "features of the same samples") { Differentiable = false },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Choice("form", "the authors' code or the paper", "code", "paper"),
        OpMaps.Power,
        OpMaps.Channels,
        OpSetting.Number("beta", "1", "β; the authors multiply code by 1000"),
        OpSetting.Choice(
            "reduction", "as the form's authors do it: code mean, paper batch-mean; or how samples are combined",
            "form", "none", "sum", "mean", "batch-mean"),
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("loss", "scalar; one value per sample for none")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
        [KdFunctional.AttentionSquared(call.Tensor("student"), call.Tensor("teacher"), Reduction(call), Options(call))];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
        [AttentionSquaredComposed.Loss(call.Tensor("student"), call.Tensor("teacher"), Options(call), Reduction(call))];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        AttentionOptions options = Options(call);
        var reduction = Enum.Parse<OracleReduction>(Reduction(call).ToString());
        AttentionSquaredOracleResult result = AttentionSquaredOracle.Compute(
            OpMaps.Oracle(call, "student"),
            OpMaps.Oracle(call, "teacher"),
            options.Form == AttentionForm.Paper,
            options.Power,
            options.Channels == ChannelReduction.Mean,
            options.Beta,
            reduction,
            upstream);
        return new OracleRun(
            [OpMaps.Reduced(reduction, result.SampleLosses, result.Loss)],
            new Dictionary<string, double[]>(StringComparer.Ordinal) { ["student"] = result.Gradient });
    }

    private static KdReduction Reduction(OpCall call) => (call.Choice("reduction"), call.Choice("form")) switch
    {
        ("form", "code") => KdReduction.Mean,
        ("form", _) => KdReduction.BatchMean,
        var (word, _) => OpSetting.ToReduction(word),
    };

    private static AttentionOptions Options(OpCall call) => new(
        call.Choice("form") == "paper" ? AttentionForm.Paper : AttentionForm.Code,
        OpMaps.PowerOf(call),
        OpMaps.ChannelsOf(call),
        call.Number("beta"));
}
