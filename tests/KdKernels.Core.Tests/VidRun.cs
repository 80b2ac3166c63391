using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of VidLikelihood on guarded memory, with everything that it wrote.</summary>
public sealed class VidRun
{
    public required int Outer { get; init; }
    public int Inner { get; init; } = 1;
    public required int Channels { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public Layout? TeacherLayout { get; init; }
    public Layout? GradientLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Student { get; init; }
    public required double[] Teacher { get; init; }
    public required double[] Rho { get; init; }
    public KdReduction Reduction { get; init; } = KdReduction.Mean;
    public double Epsilon { get; init; } = 1e-5;
    public bool WithConstant { get; init; }
    public double[]? Upstream { get; init; }

    public int Rows => Outer * Inner;

    public double[] Loss { get; private set; } = [];
    public double[] StudentGradient { get; private set; } = [];
    public double[] RhoGradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    public static VidRun Case(
        int outer,
        int inner,
        int channels,
        Layout layout,
        KdElementType type,
        KdReduction reduction = KdReduction.Mean,
        bool upstream = false,
        bool withConstant = false)
    {
        int rows = outer * inner;
        // An expanded tensor shows its only row everywhere.
        double[] Values(int seed) => layout == Layout.Expanded
            ? [.. Enumerable.Repeat(Logits.Random(1, channels, seed, type), rows).SelectMany(v => v)]
            : Logits.Random(rows, channels, seed, type);
        return new VidRun
        {
            Outer = outer,
            Inner = inner,
            Channels = channels,
            Layout = layout,
            Type = type,
            Reduction = reduction,
            WithConstant = withConstant,
            Student = Values(1),
            Teacher = Values(2),
            Rho = Logits.Random(1, channels, 3, type, outliers: false),
            Upstream = upstream
                ? Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false)
                : null,
        };
    }

    /// <summary>
    /// Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.
    /// </summary>
    public VidRun Execute()
    {
        using GuardedTensor student = GuardedTensor.Input(Type, Outer, Inner, Channels, Layout, Student);
        using GuardedTensor teacher = GuardedTensor.Input(
            Type, Outer, Inner, Channels, TeacherLayout ?? Layout, Teacher);
        using GuardedTensor rho = GuardedTensor.Input(Type, 1, 1, Channels, Layout.Scattered, Rho);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput();
        using GuardedTensor dm = Output(), dmAgain = Output(), dr = RhoOutput(), drAgain = RhoOutput();
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        var settings = new VidLikelihoodSettings(Reduction) { Epsilon = Epsilon, WithConstant = WithConstant };
        RowsView m = student.View, t = teacher.View;
        VidLikelihood.Forward(m, t, rho.View, settings, lossOfForward.View);
        VidLikelihood.ForwardWithGradient(m, t, rho.View, settings, loss.View, dm.View, dr.View);
        VidLikelihood.Backward(m, t, rho.View, settings, upstream.View, dmAgain.View, drAgain.View);

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        rho.AssertUntouched("rho");
        upstream.AssertUntouched("upstream");
        foreach ((GuardedTensor output, string name) in new[]
        {
            (loss, "loss"), (dm, "student gradient of forward"), (dr, "rho gradient of forward"),
            (dmAgain, "student gradient"), (drAgain, "rho gradient"),
        }) output.AssertWritten(name);
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        if (Upstream is null && Reduction != KdReduction.None)
        {
            Assert.Equal(dm.Bits(), dmAgain.Bits());
            Assert.Equal(dr.Bits(), drAgain.Bits());
        }

        Loss = loss.ToArray();
        StudentGradient = dmAgain.ToArray();
        RhoGradient = drAgain.ToArray();
        Bits = [.. loss.Bits(), .. dm.Bits(), .. dr.Bits(), .. dmAgain.Bits(), .. drAgain.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public VidRun Check()
    {
        Execute();
        double tolerance = Tolerance.Gradient(Type);
        VidLikelihoodOracleResult oracle = Oracle(Student), still = Oracle(Teacher);
        double[] expected = Reduction == KdReduction.None ? oracle.RowLosses : [oracle.Loss];
        double[] constants = Reduction == KdReduction.None ? still.RowLosses : [still.Loss];
        for (int i = 0; i < expected.Length; i++)
        {
            // The logarithms of the variances may cancel the squares.
            double scale = Math.Abs(expected[i] - constants[i]) + Math.Abs(constants[i]);
            Tolerance.Check(expected[i], Loss[i], tolerance, scale, $"loss {i} of {this}");
        }

        Tolerance.CheckRows(
            oracle.StudentGradient, StudentGradient, Channels, tolerance,
            row => Tolerance.Largest(oracle.StudentGradient, Channels, row), $"student gradient of {this}");
        for (int c = 0; c < Channels; c++)
        {
            Tolerance.Check(
                oracle.RhoGradient[c], RhoGradient[c], tolerance, SlopeParts(c), $"rho gradient {c} of {this}");
        }

        return this;
    }

    public override string ToString() => $"[{Outer}, {Inner}, {Channels}] {Layout} {Type} {Reduction} {KdCpu.Width}";

    private int LossCount => Reduction == KdReduction.None ? Rows : 1;

    private VidLikelihoodOracleResult Oracle(double[] student) => VidLikelihoodOracle.Compute(
        student, Teacher, Rho, Channels, Enum.Parse<OracleReduction>(Reduction.ToString()), Epsilon, WithConstant, Upstream);

    /// <summary>The sizes of what a channel's dρ is the sum of, which may cancel: 1/v and d²/v² of each row.</summary>
    private double SlopeParts(int channel)
    {
        double rho = Rho[channel], e = Math.Exp(-Math.Abs(rho));
        double v = Math.Max(rho, 0) + Math.Log(1 + e) + Epsilon, sigmoid = (rho >= 0 ? 1 : e) / (1 + e), sum = 0;
        for (int row = 0; row < Rows; row++)
        {
            double d = Student[(row * Channels) + channel] - Teacher[(row * Channels) + channel];
            double upstream = Upstream?[Reduction == KdReduction.None ? row : 0] ?? 1;
            sum += Math.Abs(upstream) * ((1 / v) + (d * d / (v * v)));
        }

        double divisor = Reduction == KdReduction.Mean ? Rows * Channels : Reduction == KdReduction.BatchMean ? Rows : 1;
        return Rows == 0 ? 0 : 0.5 * sigmoid * sum / divisor;
    }

    private GuardedTensor Output() => new(
        Type, Outer, Inner, Channels, GradientLayout ?? (Layout == Layout.Expanded ? Layout.Contiguous : Layout));

    private GuardedTensor RhoOutput() => new(Type, 1, 1, Channels, Layout.Reversed);

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Outer, Inner, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Outer, Inner, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
