using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of a loss on student and teacher logits.</summary>
internal sealed class PairCaseRun : LogitCaseRun
{
    private readonly PairCase pairCase;
    private readonly KernelCase call;
    private readonly CaseData data;
    private readonly DeviceTensor student, teacher;
    private readonly DeviceTensor? labels, weights, teacherGradient;

    public PairCaseRun(EmulatedGpu gpu, PairCase pairCase, CaseData data)
        : base(gpu, pairCase.Call, data)
    {
        this.pairCase = pairCase;
        this.data = data;
        call = pairCase.Call;
        student = Logits("student", Role.Student, data.Student);
        teacher = Logits("teacher", Role.Teacher, data.Teacher);
        if (data.Labels is { } l)
            labels = Input("labels", KdElementType.Int64, call.Outer, call.Inner, 1, [.. l.Select(v => (double)v)]);
        if (data.Weights is { } w) weights = Input("weights", KdElementType.Float32, 1, 1, call.Classes, w);
        if (call.Pass != Pass.Forward && call.TeacherGradient) teacherGradient = GradientOutput("teacher's gradient");
    }

    public override void Execute()
    {
        RowsView s = student.View, t = teacher.View;
        switch (call.Stem)
        {
            case nameof(Jsd):
                var jsd = new JsdSettings(call.Temperature, pairCase.Beta, call.Reduction)
                {
                    TemperatureSquared = call.TemperatureSquared,
                    Labels = labels?.View,
                };
                Execute(
                    () => Jsd.Forward(s, t, jsd, Loss!.View, Queue),
                    () => Jsd.ForwardWithGradient(s, t, jsd, Loss!.View, Gradient!.View, teacherGradient?.View, Queue),
                    () => Jsd.Backward(s, t, jsd, Upstream!.View, Gradient!.View, teacherGradient?.View, Queue));
                break;
            case nameof(ReverseKl):
                var reverse = new TemperedKlSettings(call.Temperature, call.Reduction)
                {
                    TemperatureSquared = call.TemperatureSquared,
                    Labels = labels?.View,
                    ClassWeights = weights?.View,
                };
                Execute(
                    () => ReverseKl.Forward(s, t, reverse, Loss!.View, Queue),
                    () => ReverseKl.ForwardWithGradient(s, t, reverse, Loss!.View, Gradient!.View, teacherGradient?.View, Queue),
                    () => ReverseKl.Backward(s, t, reverse, Upstream!.View, Gradient!.View, teacherGradient?.View, Queue));
                break;
            case nameof(DecoupledKd):
                RowsView l = labels!.View;
                var decoupled = new DecoupledKdSettings(
                    pairCase.Weights.Label, pairCase.Weights.Others, call.Temperature, call.Reduction)
                {
                    TemperatureSquared = call.TemperatureSquared,
                };
                Execute(
                    () => DecoupledKd.Forward(s, t, l, decoupled, Loss!.View, Queue),
                    () => DecoupledKd.ForwardWithGradient(s, t, l, decoupled, Loss!.View, Gradient!.View, teacherGradient?.View, Queue),
                    () => DecoupledKd.Backward(s, t, l, decoupled, Upstream!.View, Gradient!.View, teacherGradient?.View, Queue));
                break;
            case nameof(TotalVariation):
                var variation = new TotalVariationSettings(call.Temperature, call.Reduction) { Labels = labels?.View };
                Execute(
                    () => TotalVariation.Forward(s, t, variation, Loss!.View, Queue),
                    () => TotalVariation.ForwardWithGradient(s, t, variation, Loss!.View, Gradient!.View, teacherGradient?.View, Queue),
                    () => TotalVariation.Backward(s, t, variation, Upstream!.View, Gradient!.View, teacherGradient?.View, Queue));
                break;
            default:
                var soft = new SoftCrossEntropySettings(call.Temperature, call.Reduction)
                {
                    TemperatureSquared = call.TemperatureSquared,
                    Labels = labels?.View,
                    ClassWeights = weights?.View,
                };
                Execute(
                    () => SoftCrossEntropy.Forward(s, t, soft, Loss!.View, Queue),
                    () => SoftCrossEntropy.ForwardWithGradient(s, t, soft, Loss!.View, Gradient!.View, Queue),
                    () => SoftCrossEntropy.Backward(s, t, soft, Upstream!.View, Gradient!.View, Queue));
                break;
        }
    }

    protected override void Compare(Judge judge)
    {
        (double[] losses, double loss, double[] gradient, double[] ofTeacher) = Truth();

        // A weighted divergence has terms of both signs.
        double power = call.TemperatureSquared ? call.Temperature : 1 / call.Temperature;
        double extra = data.Weights is null ? 0 : power * 60;
        // With a tenth as one side's share, a class's part of the mixture's divergence is a tenth of what it is the difference
        // of; and among few classes the roundings do not average out.
        double room = (call.Stem == nameof(Jsd) && pairCase.Beta != 0.5) || call.Classes < 8 ? 2 : 1;
        // The label alone: half its variance times the square of a difference of log-sum-exps, each of which is known to 1e-7.
        if (call.Stem == nameof(DecoupledKd) && pairCase.Weights.Others == 0) room = 20;
        if (Loss is not null)
            Oracle.CheckLoss(judge, call, Loss.Read(), losses, loss, row => (room * Math.Abs(losses[row])) + extra);
        if (Gradient is not null) CheckGradient(judge, losses, gradient, Gradient.Read(), "gradient");
        if (teacherGradient is not null)
            CheckGradient(judge, losses, ofTeacher, teacherGradient.Read(), "teacher's gradient");
    }

    /// <summary>
    /// Where one class has nearly everything, a gradient is a probability times a difference of numbers that nearly cancel, and
    /// may be as far off as those are: 1, but of a divergence's own side log(p/q), whose mean the row's value is. A row without
    /// a value has no gradient either: NaN, but for classes that its formula never reaches.
    /// </summary>
    private void CheckGradient(Judge judge, double[] losses, double[] expected, double[] actual, string what)
    {
        double power = call.Stem == nameof(TotalVariation) || !call.TemperatureSquared ? 1 / call.Temperature : call.Temperature;
        double weight = call.Stem == nameof(DecoupledKd) ? pairCase.Weights.Label + pairCase.Weights.Others : 1;
        double factor = double.IsInfinity(power) ? 1 : power * weight / Oracle.Divisor(call, data.Labels);
        double Floor(int row)
        {
            double upstream = data.Upstream is { } u ? u[call.Reduction == KdReduction.None ? row : 0] : 1;
            bool hasLogs = call.Stem is nameof(ReverseKl) or nameof(DecoupledKd) && double.IsFinite(losses[row]);
            double logs = hasLogs && double.IsFinite(call.Temperature) ? Math.Abs(losses[row]) / (call.TemperatureSquared ? call.Temperature * call.Temperature : 1) : 0;
            return Judge.NearCertainty * factor * Math.Abs(upstream) * (1 + logs);
        }

        for (int i = 0; i < expected.Length; i++)
            if (double.IsNaN(losses[i / call.Classes]) && double.IsNaN(actual[i])) expected[i] = double.NaN;
        if (call.Stem == nameof(TotalVariation)) AcceptSignsOfTies(expected, actual);
        judge.CheckRows(expected, actual, what, Floor);
    }

    /// <summary>A class whose two probabilities agree to the rounding of their logarithms may have either sign.</summary>
    private void AcceptSignsOfTies(double[] expected, double[] actual)
    {
        for (int row = 0; row < call.Rows; row++)
        {
            double apart = LogSumExp(data.Teacher, row) - LogSumExp(data.Student, row);
            for (int i = row * call.Classes; i < (row + 1) * call.Classes; i++)
            {
                double ratio = ((data.Teacher[i] - data.Student[i]) / call.Temperature) - apart;
                if (Math.Abs(ratio) < 2e-6) expected[i] = actual[i];
            }
        }
    }

    private double LogSumExp(double[] logits, int row)
    {
        double[] tempered = [.. logits.Skip(row * call.Classes).Take(call.Classes).Select(z => z / call.Temperature)];
        double largest = tempered.Max();
        return largest + Math.Log(tempered.Sum(z => Math.Exp(z - largest)));
    }

    private void Execute(Action forward, Action withGradient, Action backward)
    {
        Action chosen = call.Pass switch
        {
            Pass.Forward => forward,
            Pass.Backward => backward,
            _ => withGradient,
        };
        chosen();
    }

    private (double[] Losses, double Loss, double[] Gradient, double[] OfTeacher) Truth()
    {
        OracleReduction reduction = Oracle.Reduction(call.Reduction);
        double[] s = data.Student, t = data.Teacher;
        const long ignored = CaseData.IgnoredLabel;
        if (call.Stem == nameof(SoftCrossEntropy))
        {
            SoftCrossEntropyOracleResult soft = SoftCrossEntropyOracle.Compute(
                s, t, call.Classes, call.Temperature, reduction, call.TemperatureSquared, data.Weights, data.Labels, ignored, data.Upstream);
            return (soft.RowLosses, soft.Loss, soft.StudentGradient, []);
        }

        TemperedKlOracleResult truth = call.Stem switch
        {
            nameof(Jsd) => JsdOracle.Compute(
                s, t, call.Classes, call.Temperature, pairCase.Beta, reduction, call.TemperatureSquared, klAtEnds: false, data.Labels,
                ignored, data.Upstream),
            nameof(ReverseKl) => ReverseKlOracle.Compute(
                s, t, call.Classes, call.Temperature, reduction, call.TemperatureSquared, data.Weights, data.Labels, ignored, data.Upstream),
            nameof(DecoupledKd) => DecoupledKdOracle.Compute(
                s, t, data.Labels!, call.Classes, pairCase.Weights.Label, pairCase.Weights.Others, call.Temperature, reduction,
                call.TemperatureSquared, ignored, data.Upstream),
            _ => TotalVariationOracle.Compute(
                s, t, call.Classes, call.Temperature, reduction, data.Labels, ignored, data.Upstream),
        };
        return (truth.RowLosses, truth.Loss, truth.StudentGradient, truth.TeacherGradient);
    }
}
