using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of SoftCrossEntropy on guarded memory, with everything that it wrote.</summary>
public sealed class SoftCrossEntropyRun
{
    public required int Outer { get; init; }
    public int Inner { get; init; } = 1;
    public required int Classes { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Student { get; init; }
    public required double[] Teacher { get; init; }
    public double Temperature { get; init; } = 1;
    public bool TemperatureSquared { get; init; } = true;
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public double[]? Weights { get; init; }
    public long[]? Labels { get; init; }
    public double[]? Upstream { get; init; }

    public int Rows => Outer * Inner;

    public double[] Loss { get; private set; } = [];
    public double[] Gradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    public static SoftCrossEntropyRun Case(
        int outer,
        int inner,
        int classes,
        Layout layout,
        KdElementType type,
        double temperature = 1,
        KdReduction reduction = KdReduction.BatchMean,
        bool weighted = false,
        bool masked = false,
        bool upstream = false,
        bool temperatureSquared = true)
    {
        int rows = outer * inner;
        // An expanded tensor shows its only row everywhere.
        double[] Values(int seed) => layout == Layout.Expanded
            ? [.. Enumerable.Repeat(Tests.Logits.Random(1, classes, seed, type), rows).SelectMany(v => v)]
            : Tests.Logits.Random(rows, classes, seed, type);
        return new SoftCrossEntropyRun
        {
            Outer = outer,
            Inner = inner,
            Classes = classes,
            Layout = layout,
            Type = type,
            Temperature = temperature,
            TemperatureSquared = temperatureSquared,
            Reduction = reduction,
            Student = Values(1),
            Teacher = Values(2),
            Weights = weighted ? Tests.Logits.Weights(classes, 3, type) : null,
            Labels = masked ? Tests.Logits.Labels(rows, classes, 4, ignored: true) : null,
            Upstream = upstream
                ? Tests.Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false)
                : null,
        };
    }

    /// <summary>
    /// Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.
    /// </summary>
    public SoftCrossEntropyRun Execute()
    {
        using GuardedTensor student = GuardedTensor.Input(Type, Outer, Inner, Classes, Layout, Student);
        using GuardedTensor teacher = GuardedTensor.Input(Type, Outer, Inner, Classes, Layout, Teacher);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput(), gradient = Output(), again = Output();
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        using GuardedTensor? weights = Weights is null
            ? null
            : GuardedTensor.Input(Type, 1, 1, Classes, Layout.Scattered, Weights);
        using GuardedTensor? labels = Labels is null ? null : GuardedTensor.Input(
            KdElementType.Int64, Outer, Inner, 1, Layout.Sliced, [.. Labels.Select(label => (double)label)]);
        var settings = new SoftCrossEntropySettings(Temperature, Reduction)
        {
            TemperatureSquared = TemperatureSquared,
            ClassWeights = weights?.View,
            Labels = labels?.View,
        };
        SoftCrossEntropy.Forward(student.View, teacher.View, settings, lossOfForward.View);
        SoftCrossEntropy.ForwardWithGradient(student.View, teacher.View, settings, loss.View, gradient.View);
        SoftCrossEntropy.Backward(student.View, teacher.View, settings, upstream.View, again.View);

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        loss.AssertWritten("loss");
        gradient.AssertWritten("gradient of forward");
        again.AssertWritten("gradient");
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        if (Upstream is null) Assert.Equal(gradient.Bits(), again.Bits());
        Loss = loss.ToArray();
        Gradient = again.ToArray();
        Bits = [.. loss.Bits(), .. again.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public SoftCrossEntropyRun Check()
    {
        Execute();
        SoftCrossEntropyOracleResult oracle = SoftCrossEntropyOracle.Compute(
            Student, Teacher, Classes, Temperature, Enum.Parse<OracleReduction>(Reduction.ToString()),
            TemperatureSquared, Weights, Labels, upstream: Upstream);
        double[] expected = Reduction == KdReduction.None ? oracle.RowLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
            Tolerance.Check(expected[i], Loss[i], Tolerance.Loss(Type), Math.Abs(expected[i]), $"loss {i} of {this}");
        Tolerance.CheckRows(
            oracle.StudentGradient, Gradient, Classes, Tolerance.Gradient(Type),
            row => Tolerance.Largest(oracle.StudentGradient, Classes, row), $"gradient of {this}");
        return this;
    }

    public override string ToString() =>
        $"[{Outer}, {Inner}, {Classes}] {Layout} {Type} T={Temperature} {Reduction} {KdCpu.Width}"
        + $"{(Weights is null ? "" : " weights")}{(Labels is null ? "" : " labels")}";

    private int LossCount => Reduction == KdReduction.None ? Rows : 1;

    private GuardedTensor Output() => new(
        Type, Outer, Inner, Classes, Layout == Layout.Expanded ? Layout.Contiguous : Layout);

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Outer, Inner, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Outer, Inner, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
