using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op total-variation</c>.</summary>
internal sealed class TotalVariationOp : OpDefinition
{
    public override string Name => "total-variation";

    public override string Summary =>
        "½ Σ|softmax(teacher/T) − softmax(student/T)| per row";

    public override string Contract =>
        "numerator: the sum over classes; divisor: 1 (none, sum), valid rows (batch-mean), valid rows · C (mean); "
        + "power of T: 0; nothing is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C]", "raw logits; more dimensions with dim"),
        new("teacher", "[B, C]", "raw logits"),
        new("labels", "[B]", "only compared with ignore-index") { Kind = OpInputKind.Integer, Optional = true },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Temperature,
        OpSetting.Reduction,
        OpSetting.IgnoreIndex,
        OpSetting.Dim,
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [OpOutput.RowLoss];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.TotalVariation(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Number("temperature"),
            call.Reduction,
            call.Optional("labels"),
            call.Integer("ignore-index"),
            call.Integer("dim")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor student = call.Tensor("student");
        int dim = OpRows.Dimension(student.dim(), call.Integer("dim"));
        var options = new TotalVariationOptions(call.Number("temperature"), call.Reduction, dim)
        {
            Labels = call.Optional("labels"),
            IgnoreIndex = call.Integer("ignore-index"),
        };
        return [TotalVariationComposed.Loss(student, call.Tensor("teacher"), options)];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        TemperedKlOracleResult result = TotalVariationOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            rows.Classes,
            call.Number("temperature"),
            call.OracleReduction,
            call.OptionalLabels("labels"),
            call.Integer("ignore-index"),
            upstream);
        return rows.LossOf(
            call.OracleReduction, result.RowLosses, result.Loss, result.StudentGradient, result.TeacherGradient);
    }
}
