using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Driver;
using KdKernels.PtxVerify.Traffic;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <inheritdoc/>
internal sealed class LogitRegressionCases : StemCases
{
    public override string Stem => nameof(LogitRegression);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel) => [.. Calls(kernel).Select(call => new RegressionCase(call))];

    public override ProofCase? Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        var any = new KernelCase(Stem, type, 1, 1, 1) { TeacherGradient = true };
        if (kernel.Kind == "pixels")
            return new RegressionCase(any with { Outer = 1, Inner = 2048, Classes = 20, Layout = Layout.Pixels });
        int classes = kernel.MaxClasses > 0 ? kernel.MaxClasses : 16384;
        int rows = (TrafficProof.LeastSize / (2 * classes * Narrow.Size(type))) + 1;
        // Only the general kernel takes it, and it has neither gaps nor misaligned rows.
        Layout layout = kernel.Kind == "general" ? Layout.Reversed : Layout.Contiguous;
        return new RegressionCase(any with { Outer = rows, Classes = classes, Layout = layout });
    }

    private static IEnumerable<KernelCase> Calls(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        var any = new KernelCase(nameof(LogitRegression), type, 5, 1, 40);
        (Layout layout, int inner, int[] lengths) = kernel.Kind switch
        {
            "warp" => (Layout.Contiguous, 1, new[] { 1, 3, 7, 33, 129, 1023, 1024 }),
            "block" => (Layout.Contiguous, 1, [1025, 2049, 8192, 16391]),
            "pixels" => (Layout.Pixels, 33, [2, 3, 19, 21]),
            _ => (Layout.Reversed, 2, [2, 33, 1025]),
        };
        foreach (int classes in lengths)
        {
            KernelCase rows = any with { Classes = classes, Inner = inner, Layout = layout };
            yield return rows;
            if (layout == Layout.Contiguous)
                yield return rows with { Layout = Layout.Misaligned, Reduction = KdReduction.None, TeacherGradient = true };
        }

        KernelCase usual = any with { Classes = lengths[lengths.Length / 2], Inner = inner, Layout = layout };
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            yield return usual with { Reduction = reduction, Pass = Pass.Forward };
            yield return usual with { Reduction = reduction, Pass = Pass.Backward, TeacherGradient = true };
            yield return usual with { Reduction = reduction, TeacherGradient = true };
        }

        foreach (Pattern pattern in Enum.GetValues<Pattern>())
            yield return usual with { Pattern = pattern, Reduction = KdReduction.None };
        foreach (int rows in new[] { 0, 1, 9 }) yield return usual with { Outer = rows, Reduction = KdReduction.Mean };
        if (kernel.Kind == "block") yield return any with { Outer = 1, Classes = 32768, Reduction = KdReduction.Mean };
        if (kernel.Kind != "general") yield break;
        foreach (Layout other in new[] { Layout.MixedAlignment, Layout.Reversed })
            yield return usual with { Layout = other, Reduction = KdReduction.None, TeacherGradient = true };
    }
}

/// <summary>One call of LogitRegression; half squares where the reduction is not Mean.</summary>
internal sealed record RegressionCase(KernelCase Call) : ProofCase
{
    public override string Shape => Call.Shape;

    public override CaseRun Open(EmulatedGpu gpu) => new RegressionCaseRun(gpu, Call, new CaseData(Call));

    public override string ToString() => Call.ToString();
}

/// <summary>A case of LogitRegression.</summary>
internal sealed class RegressionCaseRun : LogitCaseRun
{
    private readonly KernelCase call;
    private readonly CaseData data;
    private readonly DeviceTensor student, teacher;
    private readonly DeviceTensor? teacherGradient;

    public RegressionCaseRun(EmulatedGpu gpu, KernelCase call, CaseData data)
        : base(gpu, call, data)
    {
        this.call = call;
        this.data = data;
        student = Logits("student", Role.Student, data.Student);
        teacher = Logits("teacher", Role.Teacher, data.Teacher);
        if (call.Pass != Pass.Forward && call.TeacherGradient) teacherGradient = GradientOutput("teacher's gradient");
    }

    private bool Half => call.Reduction != KdReduction.Mean;

    public override void Execute()
    {
        RowsView s = student.View, t = teacher.View;
        var settings = new LogitRegressionSettings(call.Reduction) { Half = Half };
        switch (call.Pass)
        {
            case Pass.Forward:
                LogitRegression.Forward(s, t, settings, Loss!.View, Queue);
                break;
            case Pass.Backward:
                LogitRegression.Backward(s, t, settings, Upstream!.View, Gradient!.View, teacherGradient?.View, Queue);
                break;
            default:
                LogitRegression.ForwardWithGradient(
                    s, t, settings, Loss!.View, Gradient!.View, teacherGradient?.View, Queue);
                break;
        }
    }

    protected override void Compare(Judge judge)
    {
        RegressionOracleResult truth = LogitRegressionOracle.Compute(
            data.Student, data.Teacher, call.Classes, Oracle.Reduction(call.Reduction), Half, data.Upstream);
        if (Loss is not null)
            Oracle.CheckLoss(judge, call, Loss.Read(), truth.RowLosses, truth.Loss, row => truth.RowLosses[row]);
        if (Gradient is not null) judge.CheckRows(truth.StudentGradient, Gradient.Read(), "gradient");
        if (teacherGradient is not null)
            judge.CheckRows(truth.TeacherGradient, teacherGradient.Read(), "teacher's gradient");
    }
}
