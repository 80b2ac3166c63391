using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op decoupled-kd</c>.</summary>
internal sealed class DecoupledKdOp : OpDefinition
{
    public override string Name => "decoupled-kd";

    public override string Summary =>
        "T² · [alpha · KL(label against rest) + beta · KL(within the rest)] per row (Zhao et al. 2022, section 3)";

    public override string Contract =>
        "numerator: both parts; divisor: 1 (none, sum), valid rows (batch-mean), valid rows · C (mean); "
        + "power of T: 2, or 0 with t-squared=false; nothing is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C]", "raw logits; more dimensions with dim"),
        new("teacher", "[B, C]", "raw logits"),
        new("labels", "[B]", "the class that is set apart, or ignore-index") { Kind = OpInputKind.Integer },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Temperature,
        OpSetting.Number("alpha", "1", "weight of the label against the rest"),
        OpSetting.Number("beta", "8", "weight of the divergence within the rest"),
        OpSetting.Reduction,
        OpSetting.TSquared,
        OpSetting.IgnoreIndex,
        OpSetting.Dim,
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [OpOutput.RowLoss];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.DecoupledKd(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Tensor("labels"),
            call.Number("alpha"),
            call.Number("beta"),
            call.Number("temperature"),
            call.Reduction,
            call.Integer("ignore-index"),
            call.Flag("t-squared"),
            call.Integer("dim")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor student = call.Tensor("student");
        int dim = OpRows.Dimension(student.dim(), call.Integer("dim"));
        var options = new DecoupledKdOptions(
            call.Number("alpha"), call.Number("beta"), call.Number("temperature"), call.Reduction, dim)
        {
            Labels = call.Tensor("labels"),
            IgnoreIndex = call.Integer("ignore-index"),
            TSquared = call.Flag("t-squared"),
        };
        return [DecoupledKdComposed.Loss(student, call.Tensor("teacher"), options)];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        TemperedKlOracleResult result = DecoupledKdOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            call.Labels("labels"),
            rows.Classes,
            call.Number("alpha"),
            call.Number("beta"),
            call.Number("temperature"),
            call.OracleReduction,
            call.Flag("t-squared"),
            call.Integer("ignore-index"),
            upstream);
        return rows.LossOf(
            call.OracleReduction, result.RowLosses, result.Loss, result.StudentGradient, result.TeacherGradient);
    }
}
