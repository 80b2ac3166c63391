using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of NormalizedMatch on guarded memory, with everything that it wrote.</summary>
public sealed class MatchRun
{
    public required int Outer { get; init; }
    public int Inner { get; init; } = 1;
    public required int Length { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public Layout? TeacherLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public KdReduction Reduction { get; init; } = KdReduction.None;
    public double Epsilon { get; init; } = 1e-12;
    public required double[] Student { get; init; }
    public required double[] Teacher { get; init; }
    public double[]? Upstream { get; init; }

    public int Rows => Outer * Inner;

    public double[] Loss { get; private set; } = [];
    public double[] Gradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    /// <summary>Random rows, some with an outlier.</summary>
    public static MatchRun Case(
        int outer, int inner, int length, Layout layout, KdElementType type, KdReduction reduction, bool upstream = false)
    {
        int rows = outer * inner;
        double[] Values(int seed) => layout == Layout.Expanded
            ? [.. Enumerable.Repeat(Logits.Random(1, length, seed, type), rows).SelectMany(v => v)]
            : Logits.Random(rows, length, seed, type);
        return new MatchRun
        {
            Outer = outer,
            Inner = inner,
            Length = length,
            Layout = layout,
            Type = type,
            Reduction = reduction,
            Student = Values(1),
            Teacher = Values(2),
            Upstream = upstream
                ? Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false)
                : null,
        };
    }

    /// <summary>Rows without reduction.</summary>
    public static MatchRun Of(KdElementType type, double[] student, double[] teacher, int rows = 1) => new()
    {
        Outer = rows,
        Length = student.Length / rows,
        Type = type,
        Student = Logits.Round(student, type),
        Teacher = Logits.Round(teacher, type),
    };

    /// <summary>
    /// Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.
    /// </summary>
    public MatchRun Execute()
    {
        using GuardedTensor student = GuardedTensor.Input(Type, Outer, Inner, Length, Layout, Student);
        using GuardedTensor teacher = GuardedTensor.Input(Type, Outer, Inner, Length, TeacherLayout ?? Layout, Teacher);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput(), gradient = Output(), again = Output();
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        var settings = new NormalizedMatchSettings(Reduction, Epsilon);
        NormalizedMatch.Forward(student.View, teacher.View, settings, lossOfForward.View);
        NormalizedMatch.ForwardWithGradient(student.View, teacher.View, settings, loss.View, gradient.View);
        NormalizedMatch.Backward(student.View, teacher.View, settings, upstream.View, again.View);

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        upstream.AssertUntouched("upstream");
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

    /// <summary>Executes and compares with the oracle: the loss and each row's gradient relative to themselves.</summary>
    public MatchRun Check()
    {
        Execute();
        NormalizedMatchOracleResult oracle = NormalizedMatchOracle.Compute(
            Student, Teacher, Length, Epsilon, Enum.Parse<OracleReduction>(Reduction.ToString()), Upstream);
        double[] expected = Reduction == KdReduction.None ? oracle.RowLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
        {
            double scale = Math.Abs(expected[i]) + NothingOfALoss;
            Tolerance.Check(expected[i], Loss[i], Tolerance.Gradient(Type), scale, $"loss {i} of {this}");
        }

        Tolerance.CheckRows(
            oracle.StudentGradient,
            Gradient,
            Length,
            Tolerance.Gradient(Type),
            row => Tolerance.Largest(oracle.StudentGradient, Length, row) + NothingOfAGradient(row),
            $"gradient of {this}");
        return this;
    }

    public override string ToString() => $"[{Outer}, {Inner}, {Length}] {Layout} {Type} {Reduction} {KdCpu.Width}";

    // Exactly parallel rows: what one rounding per element leaves of the difference, squared for the loss.
    private double NothingOfALoss => Type == KdElementType.Float32 ? 1e-9 : 1e-20;

    private double NothingOfAGradient(int row) =>
        (Type == KdElementType.Float32 ? 0.05 : 1e-4) * Math.Abs(Upstream is null ? 1 : Upstream[^1])
        / Math.Max(Math.Sqrt(Student.Skip(row * Length).Take(Length).Sum(v => v * v)), Epsilon)
        / Reduction switch { KdReduction.Mean => (double)Rows * Length, KdReduction.BatchMean => Rows, _ => 1 };

    private int LossCount => Reduction == KdReduction.None ? Rows : 1;

    private GuardedTensor Output() =>
        new(Type, Outer, Inner, Length, Layout == Layout.Expanded ? Layout.Contiguous : Layout);

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Outer, Inner, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Outer, Inner, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
