using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>
/// A case of NoisyLogits. Besides the oracle's values, gradients whose factor is 1 must be the CPU's bit for bit: they show every bit of
/// the noise.
/// </summary>
internal sealed class NoisyCaseRun : LogitCaseRun
{
    private const uint Step = 0x13198a2e;
    private const long FirstSample = uint.MaxValue - 9000L;

    private readonly NoisyCase proofCase;
    private readonly KernelCase call;
    private readonly CaseData data;
    private readonly NoisyLogitsSettings settings;
    private readonly long[] numbers;
    private readonly DeviceTensor student, teacher;
    private readonly DeviceTensor? samples, teacherGradient;

    public NoisyCaseRun(EmulatedGpu gpu, NoisyCase proofCase, CaseData data)
        : base(gpu, proofCase.Call, data)
    {
        this.proofCase = proofCase;
        this.data = data;
        call = proofCase.Call;
        settings = new NoisyLogitsSettings(proofCase.Sigma, proofCase.Alpha, call.Reduction)
        {
            Seed = 0x299f31d0a4093822,
            Step = Step,
            FirstSample = FirstSample,
            Half = call.Reduction != KdReduction.Mean,
        };
        numbers = [.. Enumerable.Range(0, call.Rows).Select(row => proofCase.Samples == SampleNumbers.Counted
            ? FirstSample + row
            : (row * 104729L * 40961) % (1L << 32))];
        if (proofCase.Samples == SampleNumbers.OneWrong) numbers[call.Rows / 2] = 1L << 32;
        student = Logits("student", Role.Student, data.Student);
        teacher = Logits("teacher", Role.Teacher, data.Teacher);
        if (proofCase.Samples != SampleNumbers.Counted)
            samples = Input("samples", KdElementType.Int64, call.Outer, call.Inner, 1, [.. numbers.Select(number => (double)number)]);
        if (call.Pass != Pass.Forward && call.TeacherGradient) teacherGradient = GradientOutput("teacher's gradient");
    }

    public override void Execute()
    {
        RowsView s = student.View, t = teacher.View;
        NoisyLogitsSettings given = settings with { Samples = samples?.View };
        switch (call.Pass)
        {
            case Pass.Forward:
                NoisyLogits.Forward(s, t, given, Loss!.View, Queue);
                break;
            case Pass.Backward:
                NoisyLogits.Backward(s, t, given, Upstream!.View, Gradient!.View, teacherGradient?.View, Queue);
                break;
            default:
                NoisyLogits.ForwardWithGradient(s, t, given, Loss!.View, Gradient!.View, teacherGradient?.View, Queue);
                break;
        }
    }

    protected override void Compare(Judge judge)
    {
        RegressionOracleResult truth = NoisyLogitsOracle.Compute(
            data.Student, data.Teacher, Noise(), call.Classes, Oracle.Reduction(call.Reduction), settings.Half, data.Upstream);
        if (Loss is not null)
            Oracle.CheckLoss(judge, call, Loss.Read(), truth.RowLosses, truth.Loss, row => truth.RowLosses[row]);
        if (Gradient is not null) judge.CheckRows(truth.StudentGradient, Gradient.Read(), "gradient");
        if (teacherGradient is not null)
            judge.CheckRows(truth.TeacherGradient, teacherGradient.Read(), "teacher's gradient");
        bool isPlain = call.Pass == Pass.ForwardWithGradient && call.Reduction is KdReduction.None or KdReduction.Sum;
        if (isPlain && call.Rows > 0 && proofCase.Samples != SampleNumbers.OneWrong) CheckBits(judge);
    }

    private unsafe void CheckBits(Judge judge)
    {
        float[] s = Singles(data.Student), t = Singles(data.Teacher);
        float[] ds = new float[s.Length], dt = new float[s.Length], losses = new float[call.Rows];
        fixed (float* sRows = s, tRows = t, dsRows = ds, dtRows = dt, loss = losses)
        fixed (long* given = numbers)
        {
            var sampleRows = new RowsView((nint)given, KdElementType.Int64, call.Rows, 1, 1, 1, 1, 1);
            NoisyLogits.ForwardWithGradient(
                View(sRows),
                View(tRows),
                settings with { Samples = sampleRows, Reduction = KdReduction.None },
                new RowsView((nint)loss, KdElementType.Float32, call.Rows, 1, 1, 1, 1, 1),
                View(dsRows),
                View(dtRows));
        }

        CheckBits(judge, ds, Gradient!.Read(), "gradient");
        if (teacherGradient is not null) CheckBits(judge, dt, teacherGradient.Read(), "teacher's gradient");
    }

    private void CheckBits(Judge judge, float[] ofCpu, double[] actual, string what)
    {
        for (int i = 0; i < ofCpu.Length; i++)
        {
            int at = i;
            double expected = Narrow.Round(ofCpu[i], call.Type);
            if (!expected.Equals(actual[i]))
                judge.Add($"{what}, element {at}: expected the CPU's {expected:R} but got {actual[i]:R}");
        }
    }

    private unsafe RowsView View(float* data) =>
        new((nint)data, KdElementType.Float32, call.Rows, 1, call.Classes, call.Classes, call.Classes, 1);

    private static float[] Singles(double[] values) => [.. values.Select(value => (float)value)];

    /// <summary>σξ of every logit; NaN of what is no sample.</summary>
    private double[] Noise() => [.. Enumerable.Range(0, call.Rows * call.Classes).Select(i =>
        numbers[i / call.Classes] is >= 0 and <= uint.MaxValue and var sample
            ? NoisyLogits.Noise(settings, sample, i % call.Classes)
            : double.NaN)];
}
