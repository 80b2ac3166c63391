using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op teacher-bounded</c>.</summary>
internal sealed class TeacherBoundedOp : OpDefinition
{
    public override string Name => "teacher-bounded";

    public override string Summary =>
        "ν‖student − target‖² per box while ‖student − target‖² + m > ‖teacher − target‖², else 0 "
        + "(Chen et al. 2017, section 3.3, equations 4 and 5)";

    public override string Contract =>
        "numerator: the sum over a foreground box's offsets; divisor: 1 (none, sum), foreground boxes (batch-mean), foreground "
        + "boxes · D (mean); no temperature; teacher and target are detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student", "[N, D]", "box offsets; more dimensions with dim"),
        new("teacher", "[N, D]", "box offsets") { Differentiable = false },
        new("target", "[N, D]", "the regression targets") { Differentiable = false },
        new("foreground", "[N]", "the boxes that have a target; otherwise all") { Kind = OpInputKind.Mask, Optional = true },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Number("margin", null, "m, 0 or more"),
        OpSetting.Reduction,
        OpSetting.Number("bound-weight", "1", "ν; 0.5 in the paper"),
        OpSetting.Flag("smooth-l1", false, "add the smooth L1 loss of student and target"),
        OpSetting.Number("beta", "1", "where smooth L1 turns into a line"),
        OpSetting.Integer("dim", "1", "the dimension of the offsets"),
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("loss", "scalar; one value per box for none")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
    [
        KdFunctional.TeacherBounded(
            call.Tensor("student"),
            call.Tensor("teacher"),
            call.Tensor("target"),
            call.Number("margin"),
            call.Reduction,
            call.Optional("foreground"),
            call.Number("bound-weight"),
            call.Flag("smooth-l1"),
            call.Number("beta"),
            call.Integer("dim")),
    ];

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor student = call.Tensor("student");
        var options = new TeacherBoundedOptions(
            call.Number("margin"), call.Reduction, OpRows.Dimension(student.dim(), call.Integer("dim")))
        {
            BoundWeight = call.Number("bound-weight"),
            SmoothL1 = call.Flag("smooth-l1"),
            Beta = call.Number("beta"),
        };
        return
        [
            TeacherBoundedComposed.Loss(
                student, call.Tensor("teacher"), call.Tensor("target"), options, call.Optional("foreground")),
        ];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        var rows = new OpRows(call.Shape("student"), call.Integer("dim"));
        TeacherBoundedOracleResult result = TeacherBoundedOracle.Compute(
            rows.ToRows(call.Values("student")),
            rows.ToRows(call.Values("teacher")),
            rows.ToRows(call.Values("target")),
            rows.Classes,
            call.Number("margin"),
            call.OracleReduction,
            call.Number("bound-weight"),
            call.Flag("smooth-l1"),
            call.Number("beta"),
            call.OptionalLabels("foreground"),
            upstream);
        return new OracleRun(
            [rows.Reduced(call.OracleReduction, result.BoxLosses, result.Loss)],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["student"] = rows.FromRows(result.StudentGradient),
            });
    }
}
