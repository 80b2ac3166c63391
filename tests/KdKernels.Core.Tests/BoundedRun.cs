using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of TeacherBounded on guarded memory, with everything that it wrote.</summary>
public sealed class BoundedRun
{
    public required int Outer { get; init; }
    public int Inner { get; init; } = 1;
    public int Offsets { get; init; } = 4;
    public Layout Layout { get; init; } = Layout.Contiguous;
    public Layout? TeacherLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Student { get; init; }
    public required double[] Teacher { get; init; }
    public required double[] Target { get; init; }
    public double Margin { get; init; }
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public double BoundWeight { get; init; } = 1;
    public bool SmoothL1 { get; init; }
    public double Beta { get; init; } = 1;
    public long[]? Foreground { get; init; }
    public double[]? Upstream { get; init; }

    public int Boxes => Outer * Inner;

    public double[] Loss { get; private set; } = [];
    public double[] Gradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    /// <summary>Targets, and two predictions of similar quality: about half of the boxes are off.</summary>
    public static BoundedRun Case(
        int outer,
        int inner,
        int offsets,
        Layout layout,
        KdElementType type,
        KdReduction reduction = KdReduction.BatchMean,
        bool masked = false,
        bool smoothL1 = false,
        bool upstream = false)
    {
        int boxes = layout == Layout.Expanded ? 1 : outer * inner;
        double[] target = Logits.Random(boxes, offsets, 1, type, outliers: false);
        double[] Repeated(double[] values) =>
            layout == Layout.Expanded ? [.. Enumerable.Repeat(values, outer * inner).SelectMany(v => v)] : values;
        return new BoundedRun
        {
            Outer = outer,
            Inner = inner,
            Offsets = offsets,
            Layout = layout,
            Type = type,
            Target = Repeated(target),
            Student = Repeated(Logits.Near(target, 1, 2, type)),
            Teacher = Repeated(Logits.Near(target, 1.2, 3, type)),
            Margin = 0.5,
            Reduction = reduction,
            BoundWeight = smoothL1 ? 0.5 : 1,
            SmoothL1 = smoothL1,
            Beta = smoothL1 ? 0.75 : 1,
            Foreground = masked ? [.. Enumerable.Range(0, outer * inner).Select(i => i % 3 == 1 ? 0L : i)] : null,
            Upstream = upstream
                ? Logits.Random(reduction == KdReduction.None ? outer * inner : 1, 1, 5, type, outliers: false)
                : null,
        };
    }

    /// <summary>
    /// Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.
    /// </summary>
    public BoundedRun Execute()
    {
        using GuardedTensor student = Input(Student, Layout), teacher = Input(Teacher, TeacherLayout ?? Layout);
        using GuardedTensor target = Input(Target, Layout);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput(), gradient = Output(), again = Output();
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        using GuardedTensor? foreground = Foreground is null ? null : GuardedTensor.Input(
            KdElementType.Int64, Outer, Inner, 1, Layout.Sliced, [.. Foreground.Select(f => (double)f)]);
        var settings = new TeacherBoundedSettings(Margin, Reduction)
        {
            BoundWeight = BoundWeight,
            SmoothL1 = SmoothL1,
            Beta = Beta,
            Foreground = foreground?.View,
        };
        (RowsView s, RowsView t, RowsView y) = (student.View, teacher.View, target.View);
        TeacherBounded.Forward(s, t, y, settings, lossOfForward.View);
        TeacherBounded.ForwardWithGradient(s, t, y, settings, loss.View, gradient.View);
        TeacherBounded.Backward(s, t, y, settings, upstream.View, again.View);

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        target.AssertUntouched("target");
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
    public BoundedRun Check()
    {
        Execute();
        TeacherBoundedOracleResult oracle = TeacherBoundedOracle.Compute(
            Student, Teacher, Target, Offsets, Margin, Enum.Parse<OracleReduction>(Reduction.ToString()), BoundWeight,
            SmoothL1, Beta, Foreground, Upstream);
        double[] expected = Reduction == KdReduction.None ? oracle.BoxLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
            Tolerance.Check(expected[i], Loss[i], Tolerance.Gradient(Type), Math.Abs(expected[i]), $"loss {i} of {this}");
        Tolerance.CheckRows(
            oracle.StudentGradient, Gradient, Offsets, Tolerance.Gradient(Type),
            row => Tolerance.Largest(oracle.StudentGradient, Offsets, row), $"gradient of {this}");
        return this;
    }

    public override string ToString() =>
        $"[{Outer}, {Inner}, {Offsets}] {Layout} {Type} {Reduction} {KdCpu.Width}{(SmoothL1 ? " smooth" : "")}";

    private int LossCount => Reduction == KdReduction.None ? Boxes : 1;

    private GuardedTensor Input(double[] values, Layout layout) =>
        GuardedTensor.Input(Type, Outer, Inner, Offsets, layout, values);

    private GuardedTensor Output() => new(
        Type, Outer, Inner, Offsets, Layout == Layout.Expanded ? Layout.Contiguous : Layout);

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Outer, Inner, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Outer, Inner, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
