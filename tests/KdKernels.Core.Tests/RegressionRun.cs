using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>
/// One call of LogitRegression, or of NoisyLogits where there is a σ, on guarded memory, with everything that it wrote.
/// </summary>
public sealed class RegressionRun
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
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public bool Half { get; init; } = true;
    public double[]? Upstream { get; init; }
    public NoisyLogitsSettings? Noise { get; init; }
    public long[]? Samples { get; init; }

    public int Rows => Outer * Inner;

    public double[] Loss { get; private set; } = [];
    public double[] StudentGradient { get; private set; } = [];
    public double[] TeacherGradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    public static RegressionRun Case(
        int outer,
        int inner,
        int classes,
        Layout layout,
        KdElementType type,
        KdReduction reduction = KdReduction.BatchMean,
        bool upstream = false,
        bool half = true)
    {
        int rows = outer * inner;
        // An expanded tensor shows its only row everywhere.
        double[] Values(int seed) => layout == Layout.Expanded
            ? [.. Enumerable.Repeat(Logits.Random(1, classes, seed, type), rows).SelectMany(v => v)]
            : Logits.Random(rows, classes, seed, type);
        return new RegressionRun
        {
            Outer = outer,
            Inner = inner,
            Classes = classes,
            Layout = layout,
            Type = type,
            Reduction = reduction,
            Half = half,
            Student = Values(1),
            Teacher = Values(2),
            Upstream = upstream
                ? Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false)
                : null,
        };
    }

    /// <summary>The same run with noise.</summary>
    public RegressionRun With(double sigma, double alpha, ulong seed = 7, uint step = 3, long[]? samples = null) => new()
    {
        Outer = Outer,
        Inner = Inner,
        Classes = Classes,
        Layout = Layout,
        TeacherLayout = TeacherLayout,
        GradientLayout = GradientLayout,
        Type = Type,
        Student = Student,
        Teacher = Teacher,
        Reduction = Reduction,
        Half = Half,
        Upstream = Upstream,
        Samples = samples,
        Noise = new NoisyLogitsSettings(sigma, alpha, Reduction) { Seed = seed, Step = step, Half = Half, FirstSample = 11 },
    };

    /// <summary>
    /// Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.
    /// </summary>
    public RegressionRun Execute()
    {
        using GuardedTensor student = GuardedTensor.Input(Type, Outer, Inner, Classes, Layout, Student);
        using GuardedTensor teacher = GuardedTensor.Input(
            Type, Outer, Inner, Classes, TeacherLayout ?? Layout, Teacher);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput();
        using GuardedTensor ds = Output(), dt = Output(), dsAgain = Output(), dtAgain = Output();
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        using GuardedTensor? samples = Samples is null ? null : GuardedTensor.Input(
            KdElementType.Int64, Outer, Inner, 1, Layout.Sliced, [.. Samples.Select(s => (double)s)]);
        RowsView s = student.View, t = teacher.View;
        if (Noise is { } noise)
        {
            noise = noise with { Samples = samples?.View };
            NoisyLogits.Forward(s, t, noise, lossOfForward.View);
            NoisyLogits.ForwardWithGradient(s, t, noise, loss.View, ds.View, dt.View);
            NoisyLogits.Backward(s, t, noise, upstream.View, dsAgain.View, dtAgain.View);
        }
        else
        {
            var settings = new LogitRegressionSettings(Reduction) { Half = Half };
            LogitRegression.Forward(s, t, settings, lossOfForward.View);
            LogitRegression.ForwardWithGradient(s, t, settings, loss.View, ds.View, dt.View);
            LogitRegression.Backward(s, t, settings, upstream.View, dsAgain.View, dtAgain.View);
        }

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        upstream.AssertUntouched("upstream");
        foreach ((GuardedTensor output, string name) in new[]
        {
            (loss, "loss"), (ds, "student gradient of forward"), (dt, "teacher gradient of forward"),
            (dsAgain, "student gradient"), (dtAgain, "teacher gradient"),
        }) output.AssertWritten(name);
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        if (Upstream is null)
        {
            Assert.Equal(ds.Bits(), dsAgain.Bits());
            Assert.Equal(dt.Bits(), dtAgain.Bits());
        }

        Loss = loss.ToArray();
        StudentGradient = dsAgain.ToArray();
        TeacherGradient = dtAgain.ToArray();
        Bits = [.. loss.Bits(), .. dsAgain.Bits(), .. dtAgain.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public RegressionRun Check()
    {
        Execute();
        RegressionOracleResult oracle = Oracle();
        double[] expected = Reduction == KdReduction.None ? oracle.RowLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
            Tolerance.Check(expected[i], Loss[i], Tolerance.Gradient(Type), Math.Abs(expected[i]), $"loss {i} of {this}");
        foreach ((double[] reference, double[] actual, string name) in new[]
        {
            (oracle.StudentGradient, StudentGradient, "student"), (oracle.TeacherGradient, TeacherGradient, "teacher"),
        })
        {
            Tolerance.CheckRows(
                reference, actual, Classes, Tolerance.Gradient(Type),
                row => Tolerance.Largest(reference, Classes, row), $"{name} gradient of {this}");
        }

        return this;
    }

    public RegressionOracleResult Oracle()
    {
        var reduction = Enum.Parse<OracleReduction>(Reduction.ToString());
        return Noise is null
            ? LogitRegressionOracle.Compute(Student, Teacher, Classes, reduction, Half, Upstream)
            : NoisyLogitsOracle.Compute(Student, Teacher, ExplicitNoise(), Classes, reduction, Half, Upstream);
    }

    /// <summary>σξ of every logit.</summary>
    public double[] ExplicitNoise() => [.. Enumerable.Range(0, Rows * Classes).Select(i => NoisyLogits.Noise(
        Noise!.Value, Samples is null ? Noise.Value.FirstSample + (i / Classes) : Samples[i / Classes], i % Classes))];

    public override string ToString() => $"[{Outer}, {Inner}, {Classes}] {Layout} {Type} {Reduction} {KdCpu.Width} {Noise}";

    private int LossCount => Reduction == KdReduction.None ? Rows : 1;

    private GuardedTensor Output() => new(
        Type, Outer, Inner, Classes, GradientLayout ?? (Layout == Layout.Expanded ? Layout.Contiguous : Layout));

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Outer, Inner, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Outer, Inner, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
