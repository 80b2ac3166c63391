using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>One case of TemperedKl or HintonLoss: its tensors, the call of the library, what came out.</summary>
internal sealed class KlCaseRun : IDisposable
{
    private readonly KernelCase kernelCase;
    private readonly CaseData data;
    private readonly EmulatedGpu gpu;
    private readonly List<DeviceTensor> tensors = [];
    private readonly DeviceTensor student, teacher;
    private readonly DeviceTensor? labels, weights, upstream, loss, metrics, totals, gradient, teacherGradient;

    public KlCaseRun(EmulatedGpu gpu, KernelCase kernelCase, CaseData data)
    {
        this.gpu = gpu;
        this.kernelCase = kernelCase;
        this.data = data;
        bool perRow = kernelCase.Reduction == KdReduction.None, forward = kernelCase.Pass != Pass.Backward;
        (int outer, int inner) = perRow ? (kernelCase.Outer, kernelCase.Inner) : (1, 1);
        student = Logits("student", Role.Student, data.Student);
        teacher = Logits("teacher", Role.Teacher, data.Teacher);
        if (data.Labels is { } l)
        {
            double[] values = [.. l.Select(v => (double)v)];
            labels = Input("labels", KdElementType.Int64, kernelCase.Outer, kernelCase.Inner, 1, values);
        }

        if (data.Weights is { } w) weights = Input("weights", KdElementType.Float32, 1, 1, kernelCase.Classes, w);
        if (data.Upstream is { } u) upstream = Input("upstream", KdElementType.Float32, outer, inner, 1, u);
        if (forward) loss = Output("loss", KdElementType.Float32, outer, inner, 1);
        if (kernelCase.Metrics && forward)
        {
            int columns = HintonLoss.MetricCount;
            metrics = Output("metrics", KdElementType.Float32, kernelCase.Outer, kernelCase.Inner, columns);
            totals = Output("totals", KdElementType.Float64, 1, 1, HintonTotals.Count);
        }

        if (kernelCase.Pass == Pass.Forward) return;
        gradient = Gradient("gradient");
        if (kernelCase.TeacherGradient) teacherGradient = Gradient("teacher's gradient");
    }

    /// <summary>Bytes that must be read or written at least once.</summary>
    public long LeastBytes => tensors.Sum(tensor => tensor.Bytes);

    /// <summary>Calls the library.</summary>
    public void Execute()
    {
        if (kernelCase.Stem == nameof(HintonLoss)) ExecuteHinton();
        else ExecuteKl();
    }

    /// <summary>Everything that was written.</summary>
    public byte[] Bits() => [.. Outputs().SelectMany(tensor => tensor.Bits())];

    public IReadOnlyList<string> Faults()
    {
        var judge = new Judge(kernelCase);
        foreach (DeviceTensor output in Outputs())
            if (output.WriteFault() is { } fault) judge.Add(fault);
        if (kernelCase.Stem == nameof(HintonLoss)) HintonVerdict.Judge(judge, kernelCase, data, this);
        else JudgeKl(judge);
        return judge.Faults;
    }

    public double[]? Loss => loss?.Read();

    public double[]? Metrics => metrics?.Read();

    public double[]? Totals => totals?.Read();

    public double[]? StudentGradient => gradient?.Read();

    public void Dispose()
    {
        foreach (DeviceTensor tensor in tensors) tensor.Dispose();
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
                student.View, teacher.View, settings, upstream!.View, gradient!.View, teacherGradient?.View, gpu.Queue);
        }
        else if (gradient is null)
        {
            TemperedKl.Forward(student.View, teacher.View, settings, loss!.View, gpu.Queue);
        }
        else
        {
            TemperedKl.ForwardWithGradient(
                student.View, teacher.View, settings, loss!.View, gradient.View, teacherGradient?.View, gpu.Queue);
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
            HintonLoss.Backward(s, t, l, settings, upstream!.View, gradient!.View, gpu.Queue);
        else if (gradient is null)
            HintonLoss.Forward(s, t, l, settings, loss!.View, metrics?.View, totals?.View, gpu.Queue);
        else
        {
            HintonLoss.ForwardWithGradient(
                s, t, l, settings, loss!.View, gradient.View, metrics?.View, totals?.View, gpu.Queue);
        }
    }

    private void JudgeKl(Judge judge)
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
        if (Loss is { } losses)
        {
            Oracle.CheckLoss(
                judge, kernelCase, losses, truth.RowLosses, truth.Loss, row => Math.Abs(truth.RowLosses[row]) + extra);
        }

        if (gradient is not null)
            judge.CheckRows(truth.StudentGradient, gradient.Read(), "gradient");
        if (teacherGradient is not null)
            judge.CheckRows(truth.TeacherGradient, teacherGradient.Read(), "teacher's gradient");
    }

    private IEnumerable<DeviceTensor> Outputs() =>
        new[] { loss, metrics, totals, gradient, teacherGradient }.OfType<DeviceTensor>();

    private DeviceTensor Logits(string name, Role role, double[] values) => Keep(DeviceTensor.Input(
        gpu.Memory,
        name,
        kernelCase.Type,
        kernelCase.Outer,
        kernelCase.Inner,
        kernelCase.Classes,
        values,
        Placement.Of(kernelCase, role)));

    private DeviceTensor Gradient(string name) => Keep(DeviceTensor.Output(
        gpu.Memory,
        name,
        kernelCase.Type,
        kernelCase.Outer,
        kernelCase.Inner,
        kernelCase.Classes,
        Placement.Of(kernelCase, Role.Gradient)));

    private DeviceTensor Input(string name, KdElementType type, int outer, int inner, int length, double[] values) =>
        Keep(DeviceTensor.Input(gpu.Memory, name, type, outer, inner, length, values));

    private DeviceTensor Output(string name, KdElementType type, int outer, int inner, int length) =>
        Keep(DeviceTensor.Output(gpu.Memory, name, type, outer, inner, length));

    private DeviceTensor Keep(DeviceTensor tensor)
    {
        tensors.Add(tensor);
        return tensor;
    }
}
