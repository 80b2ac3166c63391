using KdKernels.Core;
using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of TemperedKl on guarded memory, with everything that it wrote.</summary>
public sealed class KlRun
{
    public required int Outer { get; init; }
    public int Inner { get; init; } = 1;
    public required int Classes { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public Layout? TeacherLayout { get; init; }
    public Layout? GradientLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Student { get; init; }
    public required double[] Teacher { get; init; }
    public double Temperature { get; init; } = 4;
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public bool TemperatureSquared { get; init; } = true;
    public double[]? Weights { get; init; }
    public long[]? Labels { get; init; }
    public double[]? Upstream { get; init; }

    public int Rows => Outer * Inner;

    public double[] Loss { get; private set; } = [];
    public double[] LossOfForward { get; private set; } = [];
    public double[] StudentGradient { get; private set; } = [];
    public double[] TeacherGradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    /// <summary>
    /// Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.
    /// </summary>
    public KlRun Execute()
    {
        using GuardedTensor student = Input(Student, Layout), teacher = Input(Teacher, TeacherLayout ?? Layout);
        using GuardedTensor? weights = Weights is null
            ? null : GuardedTensor.Input(Type, 1, 1, Classes, Layout.Contiguous, Weights);
        using GuardedTensor? labels = Labels is null
            ? null
            : GuardedTensor.Input(
                KdElementType.Int64, Outer, Inner, 1, Layout.Sliced, [.. Labels.Select(l => (double)l)]);
        var settings = new TemperedKlSettings(Temperature, Reduction)
        {
            TemperatureSquared = TemperatureSquared,
            ClassWeights = weights?.View,
            Labels = labels?.View,
        };

        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput();
        using GuardedTensor ds = Output(), dt = Output(), dsAgain = Output(), dtAgain = Output(), dsOnly = Output();
        TemperedKl.Forward(student.View, teacher.View, settings, lossOfForward.View);
        if (Upstream is null)
            TemperedKl.ForwardWithGradient(student.View, teacher.View, settings, loss.View, ds.View, dt.View);
        else
            TemperedKl.Forward(student.View, teacher.View, settings, loss.View);
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        TemperedKl.Backward(student.View, teacher.View, settings, upstream.View, dsAgain.View, dtAgain.View);
        TemperedKl.Backward(student.View, teacher.View, settings, upstream.View, dsOnly.View);

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        upstream.AssertUntouched("upstream");
        weights?.AssertUntouched("weights");
        labels?.AssertUntouched("labels");
        loss.AssertWritten("loss");
        dsAgain.AssertWritten("student gradient");
        dtAgain.AssertWritten("teacher gradient");
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        Assert.Equal(dsAgain.Bits(), dsOnly.Bits());
        if (Upstream is null)
        {
            ds.AssertWritten("student gradient of forward");
            dt.AssertWritten("teacher gradient of forward");
            Assert.Equal(ds.Bits(), dsAgain.Bits());
            Assert.Equal(dt.Bits(), dtAgain.Bits());
        }

        Loss = loss.ToArray();
        StudentGradient = dsAgain.ToArray();
        TeacherGradient = dtAgain.ToArray();
        Bits = [.. loss.Bits(), .. dsAgain.Bits(), .. dtAgain.Bits()];
        return this;
    }

    public TemperedKlOracleResult Oracle() => TemperedKlOracle.Compute(
        Student,
        Teacher,
        Classes,
        Temperature,
        Enum.Parse<OracleReduction>(Reduction.ToString()),
        TemperatureSquared,
        Weights,
        Labels,
        upstream: Upstream);

    /// <summary>Executes and compares with the oracle.</summary>
    public KlRun Check(double? lossTolerance = null, double? gradientTolerance = null)
    {
        Execute();
        TemperedKlOracleResult oracle = Oracle();
        double tolerance = lossTolerance ?? Tolerance.Loss(Type);
        double[] expected = Reduction == KdReduction.None ? oracle.RowLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
        {
            // A weighted sum has terms of both signs; its scale is theirs.
            double scale = Weights is null ? Math.Abs(
                expected[i]) : WeightedScale(Reduction == KdReduction.None ? i : null);
            Tolerance.Check(expected[i], Loss[i], tolerance, scale, $"loss {i} of {this}");
        }

        double relative = gradientTolerance ?? Tolerance.Gradient(Type);
        Tolerance.CheckRows(
            oracle.StudentGradient,
            StudentGradient,
            Classes,
            relative,
            row => Tolerance.Largest(oracle.StudentGradient, Classes, row),
            $"student gradient of {this}");
        Tolerance.CheckRows(
            oracle.TeacherGradient, TeacherGradient, Classes, relative, row => TeacherScale(
                oracle, row), $"teacher gradient of {this}");
        return this;
    }

    public override string ToString() =>
        $"[{Outer}, {Inner}, {Classes}] {Layout} {Type} T={Temperature} {Reduction} "
        + $"{(Weights is null ? "" : "weighted ")}{(Labels is null ? "" : "masked ")}{KdCpu.Width}";

    private int LossCount => Reduction == KdReduction.None ? Rows : 1;

    private double WeightedScale(int? row)
    {
        double scale = 0;
        for (int r = row ?? 0; r < (row + 1 ?? Rows); r++)
        {
            if (Labels is not null && Labels[r] == -100) continue;
            for (int c = 0; c < Classes; c++)
            {
                // Terms of the unweighted first-order sum, from which the weighted loss cannot be freed.
                double d = Student[(r * Classes) + c] - Teacher[(r * Classes) + c];
                scale = Math.Max(scale, Math.Abs(d));
            }
        }

        double power = TemperatureSquared ? Temperature : 1 / Temperature;
        return scale * power * (Reduction == KdReduction.Sum ? Rows : 1);
    }

    /// <summary>
    /// p⊙(v − KL) of a class that dominates its row is the difference of two nearly equal numbers even in exact data;
    /// the scale is that of the terms.
    /// </summary>
    private double TeacherScale(TemperedKlOracleResult oracle, int row)
    {
        if (Temperature > 1e4)
            return Tolerance.Largest(oracle.TeacherGradient, Classes, row);
        double[] s = Student[(
            row * Classes)..((row + 1) * Classes)], t = Teacher[(row * Classes)..((row + 1) * Classes)];
        double Norm(double[] z)
        {
            double top = z.Max();
            return (top / Temperature) + Math.Log(z.Sum(x => Math.Exp((x - top) / Temperature)));
        }

        double normS = Norm(s), normT = Norm(t), scale = 0, kl = 0;
        for (int c = 0; c < Classes; c++)
        {
            double logP = (t[c] / Temperature) - normT, v = logP - (s[c] / Temperature) + normS, p = Math.Exp(logP);
            double term = p * (Weights is null ? Math.Abs(v) : Weights[c] * (1 + Math.Abs(v)));
            if (!double.IsFinite(term)) continue;
            kl += term;
            scale = Math.Max(scale, term);
        }

        double upstream = Upstream is null ? 1 : Math.Abs(Upstream[Reduction == KdReduction.None ? row : 0]);
        double valid = Labels is null ? Rows : Labels.Count(l => l != -100);
        double divisor = Reduction == KdReduction.Mean ? valid * Classes : Reduction == KdReduction.BatchMean ? valid : 1;
        return (scale + kl) * upstream / divisor * (TemperatureSquared ? Temperature : 1 / Temperature);
    }

    private GuardedTensor Input(double[] values, Layout layout) =>
        GuardedTensor.Input(Type, Outer, Inner, Classes, layout, values);

    private GuardedTensor Output() => new(
        Type, Outer, Inner, Classes, GradientLayout ?? (Layout == Layout.Expanded ? Layout.Contiguous : Layout));

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Outer, Inner, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Outer, Inner, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
