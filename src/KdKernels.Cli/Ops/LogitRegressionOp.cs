using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op logit-regression</c>.</summary>
internal sealed class LogitRegressionOp : OpDefinition
{
    public override string Name => "logit-regression";

    public override string Summary => "½ Σ (student − teacher)² per row (Ba and Caruana 2014, section 2.2, equation 1)";

    public override string Contract =>
        "numerator: half the sum of squares over classes, all of it with half=false; divisor: 1 (none, sum), rows (batch-mean), "
        + "rows · C (mean; with half=false torch's mse_loss); no temperature; nothing is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C]", "raw logits; more dimensions with dim"),
        new("teacher", "[B, C]", "raw logits"),
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
        [OpSetting.Reduction, OpSetting.Flag("half", true, "halve the squares"), OpSetting.Dim];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [OpOutput.RowLoss];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.LogitRegression(
            call.Tensor("student"), call.Tensor("teacher"), call.Reduction, call.Flag("half"), call.Integer("dim")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor student = call.Tensor("student");
        var options = new LogitRegressionOptions(
            call.Reduction, OpRows.Dimension(student.dim(), call.Integer("dim")))
        { Half = call.Flag("half") };
        return [LogitRegressionComposed.Loss(student, call.Tensor("teacher"), options)];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        RegressionOracleResult result = LogitRegressionOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            rows.Classes,
            call.OracleReduction,
            call.Flag("half"),
            upstream);
        return rows.LossOf(
            call.OracleReduction, result.RowLosses, result.Loss, result.StudentGradient, result.TeacherGradient);
    }
}
