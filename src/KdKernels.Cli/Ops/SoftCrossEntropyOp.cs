using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op soft-cross-entropy</c>.</summary>
internal sealed class SoftCrossEntropyOp : OpDefinition
{
    public override string Name => "soft-cross-entropy";

    public override string Summary =>
        "−T² Σ w · softmax(teacher/T) · log softmax(student/T) per row (Chen et al. 2017, section 3.2, equation 3)";

    public override string Contract =>
        "numerator: the weighted sum over classes; divisor: 1 (none, sum), valid rows (batch-mean), valid rows · C (mean); "
        + "power of T: 2, or 0 with t-squared=false; the teacher is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C]", "raw logits; more dimensions with dim"),
        new("teacher", "[B, C]", "raw logits") { Differentiable = false },
        new("class-weights", "[C]", "weights inside the class sum") { Optional = true, Differentiable = false },
        new("labels", "[B]", "only compared with ignore-index") { Kind = OpInputKind.Integer, Optional = true },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
        [OpSetting.Temperature, OpSetting.Reduction, OpSetting.TSquared, OpSetting.IgnoreIndex, OpSetting.Dim];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [OpOutput.RowLoss];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.SoftCrossEntropy(
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
        var options = new SoftCrossEntropyOptions(
            call.Number("temperature"), call.Reduction, OpRows.Dimension(student.dim(), call.Integer("dim")))
        {
            TSquared = call.Flag("t-squared"),
            IgnoreIndex = call.Integer("ignore-index"),
        };
        return
        [
            SoftCrossEntropyComposed.Loss(
                student, call.Tensor("teacher"), options, call.Optional("class-weights"), call.Optional("labels")),
        ];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        SoftCrossEntropyOracleResult result = SoftCrossEntropyOracle.Compute(
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
            call.OracleReduction, result.RowLosses, result.Loss, result.StudentGradient);
    }
}
