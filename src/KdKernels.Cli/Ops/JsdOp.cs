using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op jsd</c>.</summary>
internal sealed class JsdOp : OpDefinition
{
    public override string Name => "jsd";

    public override string Summary =>
        "T² · [beta · KL(p ‖ m) + (1 − beta) · KL(q ‖ m)] per row, m = beta · p + (1 − beta) · q "
        + "(Agarwal et al. 2024, section 3.1)";

    public override string Contract =>
        "numerator: the sum over classes; divisor: 1 (none, sum), valid rows (batch-mean), valid rows · C (mean); "
        + "power of T: 2, or 0 with t-squared=false; nothing is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C]", "raw logits; more dimensions with dim"),
        new("teacher", "[B, C]", "raw logits"),
        new("labels", "[B]", "only compared with ignore-index") { Kind = OpInputKind.Integer, Optional = true },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Temperature,
        OpSetting.Number("beta", "0.5", "the teacher's share of the mixture, in [0, 1]"),
        OpSetting.Reduction,
        OpSetting.TSquared,
        OpSetting.Flag("kl-at-ends", false, "KL(p ‖ q) at beta 0, KL(q ‖ p) at beta 1 instead of 0, as in TRL and Liger"),
        OpSetting.IgnoreIndex,
        OpSetting.Dim,
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [OpOutput.RowLoss];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.Jsd(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Number("temperature"),
            call.Number("beta"),
            call.Reduction,
            call.Optional("labels"),
            call.Integer("ignore-index"),
            call.Flag("t-squared"),
            call.Flag("kl-at-ends"),
            call.Integer("dim")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor student = call.Tensor("student");
        int dim = OpRows.Dimension(student.dim(), call.Integer("dim"));
        var options = new JsdOptions(call.Number("temperature"), call.Number("beta"), call.Reduction, dim)
        {
            Labels = call.Optional("labels"),
            IgnoreIndex = call.Integer("ignore-index"),
            TSquared = call.Flag("t-squared"),
            KlAtEnds = call.Flag("kl-at-ends"),
        };
        return [JsdComposed.Loss(student, call.Tensor("teacher"), options)];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        TemperedKlOracleResult result = JsdOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            rows.Classes,
            call.Number("temperature"),
            call.Number("beta"),
            call.OracleReduction,
            call.Flag("t-squared"),
            call.Flag("kl-at-ends"),
            call.OptionalLabels("labels"),
            call.Integer("ignore-index"),
            upstream);
        return rows.LossOf(
            call.OracleReduction, result.RowLosses, result.Loss, result.StudentGradient, result.TeacherGradient);
    }
}
