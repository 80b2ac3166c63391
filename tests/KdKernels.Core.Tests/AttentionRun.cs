using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of AttentionSquared on guarded memory, with everything that it wrote.</summary>
internal sealed class AttentionRun
{
    // Sums in double, one rounding to the element type.
    private const double SingleRounding = 1.5e-7;

    public required OracleMaps Student { get; init; }
    public required OracleMaps Teacher { get; init; }
    public Layout Layout { get; init; } = Layout.Channels;
    public Layout? GradientLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public AttentionForm Form { get; init; } = AttentionForm.Code;
    public int Power { get; init; } = 2;
    public ChannelReduction Channels { get; init; } = ChannelReduction.Sum;
    public double Beta { get; init; } = 1;
    public KdReduction Reduction { get; init; } = KdReduction.Sum;
    public double[]? Upstream { get; init; }

    public double[] Loss { get; private set; } = [];
    public double[] Gradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    /// <summary>Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.</summary>
    public AttentionRun Execute()
    {
        int values = Reduction == KdReduction.None ? Student.Batch : 1;
        using GuardedTensor student = FeatureMapData.Input(Student, Type, Layout);
        using GuardedTensor teacher = FeatureMapData.Input(Teacher, Type, Layout);
        using GuardedTensor loss = Values(values), lossOfForward = Values(values);
        using GuardedTensor gradient = FeatureMapData.Output(Student, Type, GradientLayout ?? OutputLayout);
        using GuardedTensor again = FeatureMapData.Output(Student, Type, GradientLayout ?? OutputLayout);
        using GuardedTensor upstream = GuardedTensor.Input(
            Type, values, 1, 1, Layout.Sliced, Upstream ?? [.. Enumerable.Repeat(1.0, values)]);
        var settings = new AttentionSquaredSettings(Form, Power, Channels, Beta, Reduction);
        MapView s = student.View(Student), t = teacher.View(Teacher);
        AttentionSquared.Forward(s, t, settings, lossOfForward.View);
        AttentionSquared.ForwardWithGradient(s, t, settings, loss.View, gradient.View);
        AttentionSquared.Backward(s, t, settings, upstream.View, again.View);

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        loss.AssertWritten("loss");
        gradient.AssertWritten("gradient of forward");
        again.AssertWritten("gradient");
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        if (Upstream is null) Assert.Equal(gradient.Bits(), again.Bits());
        Loss = loss.ToArray();
        Gradient = again.ToMaps(Student);
        Bits = [.. loss.Bits(), .. again.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle, every element relative to the largest of its sample.</summary>
    public AttentionRun Check(double? tolerance = null)
    {
        Execute();
        double relative = tolerance ?? (Type == KdElementType.Float32 ? SingleRounding : Tolerance.DoublePrecision);
        AttentionSquaredOracleResult oracle = AttentionSquaredOracle.Compute(
            Student,
            Teacher,
            Form == AttentionForm.Paper,
            Power,
            Channels == ChannelReduction.Mean,
            Beta,
            Enum.Parse<OracleReduction>(Reduction.ToString()),
            Upstream);
        double[] expected = Reduction == KdReduction.None ? oracle.SampleLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
            Tolerance.Check(expected[i], Loss[i], relative, Math.Abs(expected[i]), $"loss {i} of {this}");
        int size = Student.Channels * Student.Pixels;
        Tolerance.CheckRows(
            oracle.Gradient,
            Gradient,
            size,
            relative,
            row => Tolerance.Largest(oracle.Gradient, size, row),
            $"gradient of {this}");
        return this;
    }

    public override string ToString() =>
        $"[{Student.Batch}, {Student.Channels}, {Student.Height}, {Student.Width}] against "
        + $"[{Teacher.Channels}, {Teacher.Height}, {Teacher.Width}] {Layout} {Type} {Form} p={Power} {Reduction} "
        + $"{KdCpu.Width}";

    // A gradient cannot be an expanded tensor.
    private Layout OutputLayout => Layout == Layout.Expanded ? Layout.Channels : Layout;

    private GuardedTensor Values(int count) => new(Type, count, 1, 1, Layout.Sliced);
}
