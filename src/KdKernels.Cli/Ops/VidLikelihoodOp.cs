using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op vid-likelihood</c>.</summary>
internal sealed class VidLikelihoodOp : OpDefinition
{
    public override string Name => "vid-likelihood";

    public override string Summary =>
        "½[(teacher − student)²/v + log v] with v = softplus(rho) + ε per channel (Ahn et al. 2019, equations 5 and 6)";

    public override string Contract =>
        "numerator: the sum over channels of each position; divisor: positions · C (mean, the paper's), positions (batch-mean), "
        + "1 (none, sum); no temperature; the teacher is detached; ½ log 2π is dropped unless with-constant=true";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C, ...]", "the predicted mean of the teacher's features"),
        new("teacher", "[B, C, ...]", "features") { Differentiable = false },
        new("rho", "[C]", "the variances before softplus"),
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.ReductionOf("mean"),
        OpSetting.Number("epsilon", "1e-5", "what softplus(rho) is raised by"),
        OpSetting.Flag("with-constant", false, "count ½ log 2π per element"),
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("loss", "scalar; one value per position for none")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.VidLikelihood(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Tensor("rho"),
            call.Reduction,
            call.Number("epsilon"),
            call.Flag("with-constant")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        var options = new VidLikelihoodOptions(call.Reduction)
        {
            Epsilon = call.Number("epsilon"),
            WithConstant = call.Flag("with-constant"),
        };
        return
        [
            VidLikelihoodComposed.Loss(call.Tensor("student"), call.Tensor("teacher"), call.Tensor("rho"), options),
        ];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), dimension: 1);
        VidLikelihoodOracleResult result = VidLikelihoodOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            call.Values("rho"),
            rows.Classes,
            call.OracleReduction,
            call.Number("epsilon"),
            call.Flag("with-constant"),
            upstream);
        return new OracleRun(
            [rows.Reduced(call.OracleReduction, result.RowLosses, result.Loss)],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["student"] = rows.FromRows(result.StudentGradient),
                ["rho"] = result.RhoGradient,
            });
    }
}
