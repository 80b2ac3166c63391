using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op reverse-kl</c>.</summary>
internal sealed class ReverseKlOp : OpDefinition
{
    public override string Name => "reverse-kl";

    public override string Summary =>
        "T² · KL(softmax(student/T) ‖ softmax(teacher/T)) per row (Gu et al. 2024, section 2.1)";

    public override string Contract =>
        "numerator: the weighted sum over classes; "
        + "divisor: 1 (none, sum), valid rows (batch-mean), valid rows · C (mean); power of T: 2, or 0 with t-squared=false; nothing is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C]", "raw logits; more dimensions with dim"),
        new("teacher", "[B, C]", "raw logits"),
        new("class-weights", "[C]", "weights inside the class sum") { Optional = true, Differentiable = false },
        new("labels", "[B]", "only compared with ignore-index") { Kind = OpInputKind.Integer, Optional = true },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Temperature,
        OpSetting.Reduction,
        OpSetting.TSquared,
        OpSetting.IgnoreIndex,
        OpSetting.Dim,
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [OpOutput.RowLoss];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.ReverseKl(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Number("temperature"),
            call.Reduction,
            call.Optional("class-weights"),
            call.Optional("labels"),
            call.Integer("ignore-index"),
            call.Flag("t-squared"),
            call.Integer("dim")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor student = call.Tensor("student");
        int dim = OpRows.Dimension(student.dim(), call.Integer("dim"));
        var options = new TemperedKlOptions(call.Number("temperature"), call.Reduction, dim)
        {
            ClassWeights = call.Optional("class-weights"),
            Labels = call.Optional("labels"),
            IgnoreIndex = call.Integer("ignore-index"),
            TSquared = call.Flag("t-squared"),
        };
        return [ReverseKlComposed.Loss(student, call.Tensor("teacher"), options)];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        TemperedKlOracleResult result = ReverseKlOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            rows.Classes,
            call.Number("temperature"),
            call.OracleReduction,
            call.Flag("t-squared"),
            call.OptionalValues("class-weights"),
            call.OptionalLabels("labels"),
            call.Integer("ignore-index"),
            upstream);
        return rows.LossOf(
            call.OracleReduction, result.RowLosses, result.Loss, result.StudentGradient, result.TeacherGradient);
    }
}
