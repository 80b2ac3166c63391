using KdKernels.Core;
using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op noisy-logits</c>.</summary>
internal sealed class NoisyLogitsOp : OpDefinition
{
    public override string Name => "noisy-logits";

    public override string Summary =>
        "½ Σ (student − (1 + ξ)·teacher)² per row, ξ ~ N(0, σ²) with probability α, else 0 "
        + "(Sau and Balasubramanian 2016, section 3)";

    public override string Contract =>
        "numerator: half the sum of squares over classes, all of it with half=false; divisor: 1 (none, sum), rows (batch-mean), "
        + "rows · C (mean); no temperature; nothing is detached; the noise is a function of seed, step, sample and class";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[B, C]", "raw logits; more dimensions with dim"),
        new("teacher", "[B, C]", "raw logits without noise"),
        new("samples", "[B]", "the sample that each row is; otherwise rows are numbered from first-sample")
        {
            Kind = OpInputKind.Integer,
            Optional = true,
        },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Number("sigma", null, "σ of the noise, 0 or more"),
        OpSetting.Number("alpha", null, "the probability with which a row gets noise"),
        OpSetting.Integer("seed", "0", "the key of every random number"),
        OpSetting.Integer("step", "0", "the training step, in [0, 2^32)"),
        OpSetting.Integer("first-sample", "0", "the sample of row 0"),
        OpSetting.Reduction,
        OpSetting.Flag("half", true, "halve the squares"),
        OpSetting.Dim,
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [OpOutput.RowLoss];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.NoisyLogits(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Number("sigma"),
            call.Number("alpha"),
            call.Reduction,
            Seed(call),
            call.Integer("step"),
            call.Optional("samples"),
            call.Integer("first-sample"),
            call.Flag("half"),
            call.Integer("dim")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor student = call.Tensor("student");
        var options = new NoisyLogitsOptions(
            call.Number("sigma"),
            call.Number("alpha"),
            call.Reduction,
            OpRows.Dimension(student.dim(), call.Integer("dim")))
        {
            Seed = Seed(call),
            Step = Step(call),
            FirstSample = call.Integer("first-sample"),
            Half = call.Flag("half"),
        };
        return [NoisyLogitsComposed.Loss(student, call.Tensor("teacher"), options, call.Optional("samples"))];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        var settings = new NoisyLogitsSettings(call.Number("sigma"), call.Number("alpha"), call.Reduction)
        {
            Seed = Seed(call),
            Step = Step(call),
        };
        long[] samples = call.OptionalLabels("samples")
            ?? [.. Enumerable.Range(0, rows.Rows).Select(row => call.Integer("first-sample") + row)];
        var noise = new double[rows.Rows * rows.Classes];
        for (int i = 0; i < noise.Length; i++)
            noise[i] = NoisyLogits.Noise(settings, samples[i / rows.Classes], i % rows.Classes);
        RegressionOracleResult result = NoisyLogitsOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            noise,
            rows.Classes,
            call.OracleReduction,
            call.Flag("half"),
            upstream);
        return rows.LossOf(
            call.OracleReduction, result.RowLosses, result.Loss, result.StudentGradient, result.TeacherGradient);
    }

    private static ulong Seed(OpCall call) => unchecked((ulong)call.Integer("seed"));

    private static uint Step(OpCall call) => call.Integer("step") is >= 0 and <= uint.MaxValue and var step
        ? (uint)step
        : throw new OpException($"expected step in [0, 2^32) but got {call.Integer("step")}");
}
