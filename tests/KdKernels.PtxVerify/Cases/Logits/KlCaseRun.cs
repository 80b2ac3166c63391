using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of TemperedKl or HintonLoss.</summary>
internal sealed class KlCaseRun : LogitCaseRun
{
    private readonly KernelCase kernelCase;
    private readonly CaseData data;
    private readonly DeviceTensor student, teacher;
    private readonly DeviceTensor? labels, weights, metrics, totals, teacherGradient;

    public KlCaseRun(EmulatedGpu gpu, KernelCase kernelCase, CaseData data)
        : base(gpu, kernelCase, data)
    {
        this.kernelCase = kernelCase;
        this.data = data;
        student = Logits("student", Role.Student, data.Student);
        teacher = Logits("teacher", Role.Teacher, data.Teacher);
        if (data.Labels is { } l)
        {
            double[] values = [.. l.Select(v => (double)v)];
            labels = Input("labels", KdElementType.Int64, kernelCase.Outer, kernelCase.Inner, 1, values);
        }

        if (data.Weights is { } w) weights = Input("weights", KdElementType.Float32, 1, 1, kernelCase.Classes, w);
        if (kernelCase.Metrics && kernelCase.Pass != Pass.Backward)
        {
            int columns = HintonLoss.MetricCount;
            metrics = Output("metrics", KdElementType.Float32, kernelCase.Outer, kernelCase.Inner, columns);
            totals = Output("totals", KdElementType.Float64, 1, 1, HintonTotals.Count);
        }

        if (kernelCase.Pass != Pass.Forward && kernelCase.TeacherGradient)
            teacherGradient = GradientOutput("teacher's gradient");
    }

    public double[]? Metrics => metrics?.Read();

    public double[]? Totals => totals?.Read();

    public override void Execute()
    {
        if (kernelCase.Stem == nameof(HintonLoss)) ExecuteHinton();
        else ExecuteKl();
    }

    protected override void Compare(Judge judge)
    {
        if (kernelCase.Stem == nameof(HintonLoss)) HintonVerdict.Judge(judge, kernelCase, data, this);
        else CompareKl(judge);
    }

    private void ExecuteKl()
    {
        var settings = new TemperedKlSettings(kernelCase.Temperature, kernelCase.Reduction)
        {
            TemperatureSquared = kernelCase.TemperatureSquared,
            ClassWeights = weights?.View,
            Labels = labels?.View,
        };
        if (kernelCase.Pass == Pass.Backward)
        {
            TemperedKl.Backward(
                student.View, teacher.View, settings, Upstream!.View, Gradient!.View, teacherGradient?.View, Queue);
        }
        else if (Gradient is null)
        {
            TemperedKl.Forward(student.View, teacher.View, settings, Loss!.View, Queue);
        }
        else
        {
            TemperedKl.ForwardWithGradient(
                student.View, teacher.View, settings, Loss!.View, Gradient.View, teacherGradient?.View, Queue);
        }
    }

    private void ExecuteHinton()
    {
        var settings = new HintonLossSettings(kernelCase.Alpha, kernelCase.Temperature, kernelCase.Reduction)
        {
            TemperatureSquared = kernelCase.TemperatureSquared,
            ClassWeights = weights?.View,
        };
        RowsView s = student.View, t = teacher.View, l = labels!.View;
        if (kernelCase.Pass == Pass.Backward)
            HintonLoss.Backward(s, t, l, settings, Upstream!.View, Gradient!.View, Queue);
        else if (Gradient is null)
            HintonLoss.Forward(s, t, l, settings, Loss!.View, metrics?.View, totals?.View, Queue);
        else
        {
            HintonLoss.ForwardWithGradient(
                s, t, l, settings, Loss!.View, Gradient.View, metrics?.View, totals?.View, Queue);
        }
    }

    private void CompareKl(Judge judge)
    {
        TemperedKlOracleResult truth = TemperedKlOracle.Compute(
            data.Student,
            data.Teacher,
            kernelCase.Classes,
            kernelCase.Temperature,
            Oracle.Reduction(kernelCase.Reduction),
            kernelCase.TemperatureSquared,
            data.Weights,
            data.Labels,
            CaseData.IgnoredLabel,
            data.Upstream);

        // A weighted divergence has terms of both signs.
        double power = kernelCase.TemperatureSquared ? kernelCase.Temperature : 1 / kernelCase.Temperature;
        double extra = data.Weights is null ? 0 : power * 60;
        if (Loss is not null)
        {
            double Scale(int row) => Math.Abs(truth.RowLosses[row]) + extra;
            Oracle.CheckLoss(judge, kernelCase, Loss.Read(), truth.RowLosses, truth.Loss, Scale);
        }

        if (Gradient is not null)
            judge.CheckRows(truth.StudentGradient, Gradient.Read(), "gradient");
        if (teacherGradient is not null)
            judge.CheckRows(truth.TeacherGradient, teacherGradient.Read(), "teacher's gradient");
    }
}
