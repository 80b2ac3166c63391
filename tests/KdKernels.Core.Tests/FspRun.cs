using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of FspLoss on guarded memory, with everything that it wrote.</summary>
internal sealed class FspRun
{
    /// <summary>
    /// float32 sums of random products, relative to the largest element that the sum leads to: the rounding errors of up to
    /// 1024 terms per lane and of the terms themselves.
    /// </summary>
    public const double Single = 2e-6;

    public required OracleMaps Student1 { get; init; }
    public required OracleMaps Student2 { get; init; }
    public required OracleMaps Teacher1 { get; init; }
    public required OracleMaps Teacher2 { get; init; }
    public Layout Layout { get; init; } = Layout.Channels;
    public Layout? SecondLayout { get; init; }
    public Layout? GradientLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public FspForm Form { get; init; } = FspForm.Paper;
    public FspPooling Pooling { get; init; } = FspPooling.Max;
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public double[]? Upstream { get; init; }

    public double[] Loss { get; private set; } = [];
    public double[] Gradient1 { get; private set; } = [];
    public double[] Gradient2 { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    /// <summary>Layers of random features: C1 and C2 channels, the same size everywhere.</summary>
    public static FspRun Case(
        int batch, int channels1, int channels2, int height, int width, KdElementType type, Layout layout) => new()
        {
            Student1 = FeatureMapData.Random(1, batch, channels1, height, width, type),
            Student2 = FeatureMapData.Random(2, batch, channels2, height, width, type),
            Teacher1 = FeatureMapData.Random(3, batch, channels1, height, width, type),
            Teacher2 = FeatureMapData.Random(4, batch, channels2, height, width, type),
            Layout = layout,
            Type = type,
        };

    /// <summary>Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.</summary>
    public FspRun Execute()
    {
        int values = Reduction == KdReduction.None ? Student1.Batch : 1;
        Layout second = SecondLayout ?? Layout;
        using GuardedTensor s1 = FeatureMapData.Input(Student1, Type, Layout);
        using GuardedTensor s2 = FeatureMapData.Input(Student2, Type, second);
        using GuardedTensor t1 = FeatureMapData.Input(Teacher1, Type, second);
        using GuardedTensor t2 = FeatureMapData.Input(Teacher2, Type, Layout);
        using GuardedTensor loss = Values(values), lossOfForward = Values(values);
        using GuardedTensor g1 = FeatureMapData.Output(Student1, Type, GradientLayout ?? Layout);
        using GuardedTensor g2 = FeatureMapData.Output(Student2, Type, GradientLayout ?? second);
        using GuardedTensor again1 = FeatureMapData.Output(Student1, Type, GradientLayout ?? Layout);
        using GuardedTensor again2 = FeatureMapData.Output(Student2, Type, GradientLayout ?? second);
        using GuardedTensor upstream = GuardedTensor.Input(
            Type, values, 1, 1, Layout.Sliced, Upstream ?? [.. Enumerable.Repeat(1.0, values)]);
        var settings = new FspLossSettings(Form, Pooling, Reduction);
        (MapView a, MapView b, MapView c, MapView d) =
            (s1.View(Student1), s2.View(Student2), t1.View(Teacher1), t2.View(Teacher2));
        FspLoss.Forward(a, b, c, d, settings, lossOfForward.View);
        FspLoss.ForwardWithGradient(a, b, c, d, settings, loss.View, g1.View, g2.View);
        FspLoss.Backward(a, b, c, d, settings, upstream.View, again1.View, null);
        FspLoss.Backward(a, b, c, d, settings, upstream.View, null, again2.View);

        foreach (GuardedTensor input in new[] { s1, s2, t1, t2, upstream }) input.AssertUntouched("an input");
        foreach (GuardedTensor output in new[] { loss, lossOfForward, g1, g2, again1, again2 })
            output.AssertWritten("an output");
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        if (Upstream is null)
        {
            Assert.Equal(g1.Bits(), again1.Bits());
            Assert.Equal(g2.Bits(), again2.Bits());
        }

        Loss = loss.ToArray();
        (Gradient1, Gradient2) = (again1.ToMaps(Student1), again2.ToMaps(Student2));
        Bits = [.. loss.Bits(), .. again1.Bits(), .. again2.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle, gradients relative to the largest of their sample.</summary>
    public FspRun Check()
    {
        Execute();
        double relative = Type == KdElementType.Float32 ? Single : Tolerance.DoublePrecision;
        FspGramOracleResult oracle = FspGramOracle.Loss(
            Student1,
            Student2,
            Teacher1,
            Teacher2,
            Enum.Parse<OracleFspForm>(Form.ToString()),
            Pooling == FspPooling.Average,
            Enum.Parse<OracleReduction>(Reduction.ToString()),
            Upstream);
        double[] expected = Reduction == KdReduction.None ? oracle.SampleLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
            Tolerance.Check(expected[i], Loss[i], relative, Math.Abs(expected[i]), $"loss {i} of {this}");
        Compare(oracle.Gradient1, Gradient1, Student1, relative, "first");
        Compare(oracle.Gradient2, Gradient2, Student2, relative, "second");
        return this;
    }

    public override string ToString() =>
        $"[{Student1.Batch}, {Student1.Channels}x{Student2.Channels}, {Student1.Height}x{Student1.Width}] {Layout} "
        + $"{SecondLayout} {Type} {Form} {Pooling} {Reduction} {KdCpu.Width}";

    private void Compare(double[] expected, double[] actual, OracleMaps maps, double relative, string which)
    {
        int size = maps.Channels * maps.Pixels;
        Tolerance.CheckRows(
            expected,
            actual,
            size,
            relative,
            row => Tolerance.Largest(expected, size, row),
            $"{which} gradient of {this}");
    }

    private GuardedTensor Values(int count) => new(Type, count, 1, 1, Layout.Sliced);
}
