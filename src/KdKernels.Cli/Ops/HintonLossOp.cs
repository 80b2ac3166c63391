using KdKernels.Core;
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

    public override IReadOnlyList<OpOutput> Outputs { get; } =
    [
        OpOutput.RowLoss,
        new("cross-entropy", "like loss, without the factor 1 − alpha"),
        new("kl", "like loss, without the factor alpha"),
        new("student-entropy", "nats, of softmax(student/T): mean over valid rows; one per row for none"),
        new("teacher-entropy", "nats, of softmax(teacher/T)"),
        new("top1-hits", "rows whose label is the student's first largest logit: their number; 0 or 1 per row for none"),
        new("agreement", "rows where student and teacher have their first largest logit at the same class"),
    ];

    public override IReadOnlyList<Tensor> Fused(OpCall call)
    {
        HintonLossResult result = KdFunctional.HintonLoss(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Tensor("labels"),
            call.Number("temperature"),
            call.Number("alpha"),
            call.Reduction,
            call.Optional("class-weights"),
            call.Integer("ignore-index"),
            call.Flag("t-squared"),
            call.Integer("dim"));
        return
        [
            result.Loss,
            result.CrossEntropy,
            result.Kl,
            result.StudentEntropy,
            result.TeacherEntropy,
            result.Top1Hits,
            result.Agreement,
        ];
    }

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor student = call.Tensor("student"), teacher = call.Tensor("teacher"), labels = call.Tensor("labels");
        int dim = OpRows.Dimension(student.dim(), call.Integer("dim"));
        Tensor valid = labels != call.Integer("ignore-index");
        var entropy = new SoftmaxEntropyOptions(call.Number("temperature"), KdReduction.None, dim);
        Tensor best = student.argmax(dim);
        return
        [
            Loss(call.Number("alpha")),
            Loss(0),
            Loss(1),
            Mean(SoftmaxEntropyComposed.Loss(student, entropy)),
            Mean(SoftmaxEntropyComposed.Loss(teacher, entropy)),
            Count(best == labels),
            Count(best == teacher.argmax(dim)),
        ];

        Tensor Loss(double alpha) => HintonLossComposed.Loss(
            student,
            teacher,
            labels,
            call.Number("temperature"),
            alpha,
            call.Reduction,
            call.Optional("class-weights"),
            call.Integer("ignore-index"),
            call.Flag("t-squared"),
            dim);

        Tensor Mean(Tensor rows) => call.Reduction == KdReduction.None
            ? rows.masked_fill(valid.logical_not(), 0)
            : rows.masked_fill(valid.logical_not(), 0).sum() / valid.sum();

        Tensor Count(Tensor rows) => call.Reduction == KdReduction.None
            ? rows.logical_and(valid)
            : rows.logical_and(valid).sum();
    }

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
        bool[] valid = [.. call.Labels("labels").Select(label => label != call.Integer("ignore-index"))];
        double count = valid.Count(isValid => isValid);
        double divisor = call.OracleReduction switch
        {
            OracleReduction.Mean => count * rows.Classes,
            OracleReduction.BatchMean => count,
            _ => 1,
        };
        return new OracleRun(
            [
                rows.Reduced(call.OracleReduction, result.RowLosses, result.Loss),
                Reduced(result.CrossEntropies, divisor),
                Reduced(result.Divergences, divisor),
                Reduced(result.StudentEntropies, count),
                Reduced(result.TeacherEntropies, count),
                Reduced(Numbers(result.Hits), 1),
                Reduced(Numbers(result.Agreements), 1),
            ],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["student"] = rows.FromRows(result.StudentGradient),
            });

        OracleValue Reduced(double[] perRow, double by) => rows.Reduced(call.OracleReduction, perRow, perRow.Sum() / by);

        static double[] Numbers(bool[] flags) => Array.ConvertAll(flags, flag => flag ? 1.0 : 0);
    }
}
