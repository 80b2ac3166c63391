using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op hinton-loss</c>.</summary>
internal sealed class HintonLossOp : OpDefinition
{
    public override string Name => "hinton-loss";

    public override string Summary =>
        "(1 − alpha)·CE(student, label) + alpha·T²·KL(softmax(teacher/T) ‖ softmax(student/T)) per row (Hinton, Vinyals and Dean "
        + "2015, section 2)";

    public override string Contract =>
        "numerator: both terms; divisor: 1 (none, sum), valid rows (batch-mean), valid rows · C (mean); power of T: 2 on the "
        + "divergence, or 0 with t-squared=false; detached: teacher";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C]", "raw logits; more dimensions with dim"),
        new("teacher", "[B, C]", "raw logits") { Differentiable = false },
        new("labels", "[B]", "classes, or ignore-index") { Kind = OpInputKind.Integer },
        new("class-weights", "[C]", "weights of both terms") { Optional = true, Differentiable = false },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Temperature,
        OpSetting.Number("alpha", null, "weight of the divergence, in [0, 1]"),
        OpSetting.Reduction,
        OpSetting.TSquared,
        OpSetting.IgnoreIndex,
        OpSetting.Dim,
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("loss", "scalar; one value per row for none")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.HintonLoss(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Tensor("labels"),
            call.Number("temperature"),
            call.Number("alpha"),
            call.Reduction,
            call.Optional("class-weights"),
            call.Integer("ignore-index"),
            call.Flag("t-squared"),
            call.Integer("dim")).Loss,
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
    [
        HintonLossComposed.Loss(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Tensor("labels"),
            call.Number("temperature"),
            call.Number("alpha"),
            call.Reduction,
            call.Optional("class-weights"),
            call.Integer("ignore-index"),
            call.Flag("t-squared"),
            call.Integer("dim")),
    ];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        HintonLossOracleResult result = HintonLossOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            call.Labels("labels"),
            rows.Classes,
            call.Number("alpha"),
            call.Number("temperature"),
            call.OracleReduction,
            call.Flag("t-squared"),
            call.OptionalValues("class-weights"),
            call.Integer("ignore-index"),
            upstream);
        return new OracleRun(
            [rows.Reduced(call.OracleReduction, result.RowLosses, result.Loss)],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["student"] = rows.FromRows(result.StudentGradient),
            });
    }
}
