using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of CosineKl on guarded memory, with everything that it wrote.</summary>
public sealed class CosineRun
{
    public required int Rows { get; init; }
    public required int Normals { get; init; }
    public required int Student { get; init; }
    public required int Teacher { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] StudentAugmented { get; init; }
    public required double[] StudentNormal { get; init; }
    public required double[] TeacherAugmented { get; init; }
    public required double[] TeacherNormal { get; init; }
    public double Temperature { get; init; } = 0.5;
    public bool Squared { get; init; } = true;
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public bool[]? Keep { get; init; }
    public double[]? Upstream { get; init; }

    public double[] Loss { get; private set; } = [];
    public double[] AugmentedGradient { get; private set; } = [];
    public double[] NormalGradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    public static CosineRun Case(
        int rows,
        int normals,
        int student,
        int teacher,
        KdElementType type,
        KdReduction reduction = KdReduction.BatchMean,
        Layout layout = Layout.Contiguous,
        bool keep = false,
        bool upstream = false,
        double temperature = 0.5,
        bool squared = true) => new()
        {
            Rows = rows,
            Normals = normals,
            Student = student,
            Teacher = teacher,
            Layout = layout,
            Type = type,
            Temperature = temperature,
            Squared = squared,
            Reduction = reduction,
            StudentAugmented = Logits.Random(rows, student, 1, type),
            StudentNormal = Logits.Random(normals, student, 2, type),
            TeacherAugmented = Logits.Random(rows, teacher, 3, type),
            TeacherNormal = Logits.Random(normals, teacher, 4, type),
            Keep = keep ? [.. Enumerable.Range(0, rows).Select(i => i % 3 != 1)] : null,
            Upstream = upstream
                ? Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false)
                : null,
        };

    /// <summary>Forward, ForwardWithGradient, Backward; checks memory and that the three agree bit for bit.</summary>
    public CosineRun Execute()
    {
        using GuardedTensor sa = Input(Rows, Student, StudentAugmented), sn = Input(Normals, Student, StudentNormal);
        using GuardedTensor ta = Input(Rows, Teacher, TeacherAugmented), tn = Input(Normals, Teacher, TeacherNormal);
        using GuardedTensor keep = CrdRun.Integers(Rows, 1, [.. (Keep ?? new bool[Rows]).Select(kept => kept ? 7L : 0L)]);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput();
        using GuardedTensor a = new(Type, Rows, 1, Student, Layout), n = new(Type, Normals, 1, Student, Layout);
        using GuardedTensor a2 = new(Type, Rows, 1, Student, Layout), n2 = new(Type, Normals, 1, Student, Layout);
        using GuardedTensor alone = new(Type, Normals, 1, Student, Layout);
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, Reduction == KdReduction.None ? Rows : 1)]);
        var settings = new CosineKlSettings(Temperature, Reduction)
        {
            TemperatureSquared = Squared,
            Keep = Keep is null ? null : keep.View,
        };
        CosineKl.Forward(sa.View, sn.View, ta.View, tn.View, settings, lossOfForward.View);
        CosineKl.ForwardWithGradient(sa.View, sn.View, ta.View, tn.View, settings, loss.View, a.View, n.View);
        CosineKl.Backward(sa.View, sn.View, ta.View, tn.View, settings, upstream.View, a2.View, n2.View);
        CosineKl.Backward(sa.View, sn.View, ta.View, tn.View, settings, upstream.View, null, alone.View);

        foreach (GuardedTensor input in new[] { sa, sn, ta, tn, keep, upstream }) input.AssertUntouched("input");
        loss.AssertWritten("loss");
        foreach (GuardedTensor gradient in new[] { a, n, a2, n2, alone }) gradient.AssertWritten("gradient");
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        Assert.Equal(n2.Bits(), alone.Bits());
        if (Upstream is null)
        {
            Assert.Equal(a.Bits(), a2.Bits());
            Assert.Equal(n.Bits(), n2.Bits());
        }

        Loss = loss.ToArray();
        AugmentedGradient = a2.ToArray();
        NormalGradient = n2.ToArray();
        Bits = [.. loss.Bits(), .. a2.Bits(), .. n2.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public CosineRun Check()
    {
        Execute();
        CosineKlOracleResult oracle = CosineKlOracle.Compute(
            StudentAugmented, StudentNormal, Student, TeacherAugmented, TeacherNormal, Teacher, Temperature,
            Enum.Parse<OracleReduction>(Reduction.ToString()), Squared, Keep, Upstream);
        double[] expected = Reduction == KdReduction.None ? oracle.RowLosses : [oracle.Loss];

        // A cosine is off by a few 1e-8; what KL is quadratic in is their difference over τ.
        double score = Type == KdElementType.Float32 ? 3e-7 : 1e-15, scale = Squared || double.IsInfinity(Temperature) ? 1 : 1 / Temperature;
        for (int i = 0; i < expected.Length; i++)
        {
            double root = Math.Sqrt(Math.Abs(expected[i]));
            Tolerance.Check(
                expected[i], Loss[i], score * scale, (4 * root) + (20 * Math.Abs(expected[i])) + (4 * score), $"loss {i} of {this}");
        }

        Compare(oracle.AugmentedGradient, AugmentedGradient, "augmented");
        Compare(oracle.NormalGradient, NormalGradient, "normal");
        return this;

        void Compare(double[] gradient, double[] actual, string what)
        {
            double all = gradient.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
            Tolerance.CheckRows(
                gradient,
                actual,
                Student,
                Type == KdElementType.Float32 ? 2e-5 : 1e-12,
                row => Tolerance.Largest(gradient, Student, row) + (0.05 * all) + 1e-30,
                $"{what} gradient of {this}");
        }
    }

    public override string ToString() =>
        $"A={Rows} B={Normals} D={Student} E={Teacher} {Layout} {Type} tau={Temperature} {Reduction} keep={Keep is not null} {KdCpu.Width}";

    private GuardedTensor Input(int rows, int length, double[] values) =>
        GuardedTensor.Input(Type, rows, 1, length, Layout, values);

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Rows, 1, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Rows, 1, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
