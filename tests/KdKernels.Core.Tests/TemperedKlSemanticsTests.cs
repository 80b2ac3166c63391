namespace KdKernels.Core.Tests;

/// <summary>What the oracle comparison does not say by itself: closed forms, infinities, NaN, masks, errors.</summary>
public class TemperedKlSemanticsTests
{
    private const double NaN = double.NaN;
    private const double Infinity = double.PositiveInfinity;

    public static TheoryData<KdElementType, Layout> Places => new()
    {
        { KdElementType.Float32, Layout.Contiguous },
        { KdElementType.Float64, Layout.Contiguous },
        { KdElementType.Float32, Layout.Channels },
        { KdElementType.Float64, Layout.Channels },
    };

    [Theory, MemberData(nameof(Places))]
    public void Two_classes_have_a_value_that_can_be_computed_by_hand(KdElementType type, Layout layout)
    {
        // p = (3/4, 1/4), q = (1/2, 1/2) at T = 2: KL = 3/4 ln 3/2 + 1/4 ln 1/2, loss = 4 KL, gradient T(q − p).
        KlRun run = Rows(type, layout, 2, [0, 0], [2 * Math.Log(3), 0], KdReduction.Sum).Execute();
        double kl = (0.75 * Math.Log(1.5)) + (0.25 * Math.Log(0.5));
        Tolerance.Check(2 * 4 * kl, run.Loss[0], 1e-6, 8 * kl, "loss of two rows");
        Tolerance.Check(-0.5, run.StudentGradient[0], 1e-6, 1, "gradient");
        Tolerance.Check(0.5, run.StudentGradient[1], 1e-6, 1, "gradient");
        Tolerance.Check(2 * 0.75 * (Math.Log(1.5) - kl), run.TeacherGradient[0], 2e-6, 1, "teacher gradient");
    }

    [Theory, MemberData(nameof(Places))]
    public void Equal_logits_give_exactly_zero(KdElementType type, Layout layout)
    {
        foreach (double temperature in new[] { 1, 4, 20, 1e5, Infinity })
        {
            double[] logits = Logits.Random(6, 37, 1, type);
            KlRun run = Run(type, layout, 2, 3, 37, logits, logits, temperature, KdReduction.None).Execute();
            Assert.All(run.Loss, loss => Assert.Equal(0, loss));
            Assert.All(run.StudentGradient, g => Assert.Equal(0, g));
            Assert.All(run.TeacherGradient, g => Assert.Equal(0, g));
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void Excluded_classes_follow_the_stated_rules(KdElementType type, Layout layout)
    {
        double[] none = [-Infinity, -Infinity, -Infinity, -Infinity];
        double[] student = [1, -Infinity, 2, 0, /**/ 1, 2, -Infinity, 0, /**/ 1, 2, 3, 4, /**/ .. none];
        double[] teacher = [0, -Infinity, 3, 1, /**/ 0, 1, 2, 3, /**/ 0, -Infinity, 1, -Infinity, /**/ 1, 2, 3, 4];
        KlRun run = Run(type, layout, 2, 2, 4, student, teacher, 2, KdReduction.None).Check();
        Assert.True(run.Loss[0] is > 0 and < 10);
        Assert.Equal(Infinity, run.Loss[1]);
        Assert.True(run.Loss[2] is > 0 and < 100);
        Assert.Equal(NaN, run.Loss[3]);
        Assert.Equal(0, run.StudentGradient[1]);
        Assert.All(run.StudentGradient[4..12], g => Assert.True(double.IsFinite(g)));
        Assert.Equal(0, run.TeacherGradient[9]);

        run = Run(type, layout, 1, 2, 4, [1, 2, 3, 4, 1, 2, 3, 4], [.. none, 4, 3, 2, 1], 2, KdReduction.None).Check();
        Assert.Equal(NaN, run.Loss[0]);
        Assert.True(run.Loss[1] > 0);
    }

    [Theory, MemberData(nameof(Places))]
    public void A_large_vocabulary_with_excluded_classes_matches_the_oracle(KdElementType type, Layout layout)
    {
        double[] student = Logits.Random(6, 2500, 1, type), teacher = Logits.Random(6, 2500, 2, type);
        for (int i = 0; i < student.Length; i += 7) teacher[i] = double.NegativeInfinity;
        for (int i = 0; i < student.Length; i += 14) student[i] = double.NegativeInfinity;
        Run(type, layout, 3, 2, 2500, student, teacher, 2, KdReduction.None).Check();
        student = Logits.Random(6, 2500, 1, type, outliers: false);
        for (int i = 0; i < student.Length; i += 14) student[i] = double.NegativeInfinity;
        Run(type, layout, 3, 2, 2500, student, Logits.Near(student, 1e-3, 3, type), 2, KdReduction.None)
            .Check(Tolerance.SingleLossAnywhere, Tolerance.SingleGradientAnywhere);
    }

    [Theory, MemberData(nameof(Places))]
    public void NaN_poisons_its_row_and_the_reduced_value_only(KdElementType type, Layout layout)
    {
        for (int position = 0; position < 40; position += 13)
        {
            foreach (bool inTeacher in new[] { false, true })
            {
                foreach (double temperature in new[] { 3.0, Infinity })
                {
                    double[] student = Logits.Random(4, 40, 1, type), teacher = Logits.Random(4, 40, 2, type);
                    KlRun clean = Run(
                        type, layout, 2, 2, 40, student, teacher, temperature, KdReduction.None).Execute();
                    (inTeacher ? teacher : student)[80 + position] = NaN;
                    KlRun run = Run(type, layout, 2, 2, 40, student, teacher, temperature, KdReduction.None).Execute();
                    for (int i = 0; i < 160; i++)
                    {
                        bool poisoned = i / 40 == 2;
                        Assert.Equal(poisoned ? NaN : clean.StudentGradient[i], run.StudentGradient[i]);
                        Assert.Equal(poisoned ? NaN : clean.TeacherGradient[i], run.TeacherGradient[i]);
                        Assert.Equal(poisoned ? NaN : clean.Loss[i / 40], run.Loss[i / 40]);
                    }

                    run = Run(type, layout, 2, 2, 40, student, teacher, temperature, KdReduction.BatchMean).Execute();
                    Assert.Equal(NaN, run.Loss[0]);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void Ignored_rows_give_zero_whatever_they_hold(KdElementType type, Layout layout)
    {
        double[] student = Logits.Random(6, 9, 1, type), teacher = Logits.Random(6, 9, 2, type);
        Array.Fill(student, NaN, 9, 9);
        Array.Fill(teacher, -Infinity, 9, 9);
        long[] labels = [0, -100, 3, 1, -100, 2];
        foreach (double temperature in new[] { 2.0, Infinity })
        {
            foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
            {
                KlRun run = Run(type, layout, 3, 2, 9, student, teacher, temperature, reduction, labels).Check();
                Assert.All(run.StudentGradient[9..18], g => Assert.Equal(0, g));
                Assert.All(run.TeacherGradient[36..45], g => Assert.Equal(0, g));
            }
        }
    }

    [Fact]
    public void Without_valid_rows_a_mean_is_NaN_and_gradients_are_zero()
    {
        long[] labels = [-100, -100];
        KlRun Two(double[] student, KdReduction reduction) =>
            Run(KdElementType.Float32, Layout.Contiguous, 2, 1, 3, student, new double[6], 2, reduction, labels);
        foreach (KdReduction reduction in new[] { KdReduction.Mean, KdReduction.BatchMean })
        {
            KlRun run = Two([1, 2, 3, 4, 5, 6], reduction).Execute();
            Assert.Equal(NaN, run.Loss[0]);
            Assert.All(run.StudentGradient, g => Assert.Equal(0, g));
        }

        Assert.Equal(0, Two(new double[6], KdReduction.Sum).Execute().Loss[0]);
        KlRun empty = Run(KdElementType.Float32, Layout.Contiguous, 0, 1, 3, [], [], 2, KdReduction.BatchMean).Execute();
        Assert.Equal(NaN, empty.Loss[0]);
    }

    [Fact]
    public void Reductions_differ_by_rows_and_classes()
    {
        double[] student = Logits.Random(
            8, 10, 1, KdElementType.Float64), teacher = Logits.Random(8, 10, 2, KdElementType.Float64);
        double Loss(KdReduction reduction) =>
            Run(KdElementType.Float64, Layout.Contiguous, 8, 1, 10, student, teacher, 3, reduction).Execute().Loss[0];
        double sum = Loss(KdReduction.Sum);
        Assert.Equal(sum / 8, Loss(KdReduction.BatchMean), 12);
        Assert.Equal(sum / 80, Loss(KdReduction.Mean), 12);
    }

    [Fact]
    public void The_direction_of_the_divergence_is_from_the_teacher()
    {
        // A student that misses the teacher's second mode pays; one that adds a mode pays less.
        double[] one = [8, 0, 0], two = [8, 8, 0];
        double missing = Rows(KdElementType.Float64, Layout.Contiguous, 1, one, two, KdReduction.Sum).Execute().Loss[0];
        double extra = Rows(KdElementType.Float64, Layout.Contiguous, 1, two, one, KdReduction.Sum).Execute().Loss[0];
        Assert.True(missing > 2 * extra, $"missing {missing}, extra {extra}");
    }

    [Theory, MemberData(nameof(Places))]
    public void Large_temperatures_approach_the_limit(KdElementType type, Layout layout)
    {
        double[] student = Logits.Random(
            4, 23, 1, type, outliers: false), teacher = Logits.Random(4, 23, 2, type, outliers: false);
        KlRun limit = Run(type, layout, 2, 2, 23, student, teacher, Infinity, KdReduction.None).Check();
        KlRun warm = Run(type, layout, 2, 2, 23, student, teacher, 1e5, KdReduction.None).Check();
        for (int row = 0; row < 4; row++)
            Tolerance.Check(limit.Loss[row], warm.Loss[row], 5e-4, limit.Loss[row], $"row {row}");
        Tolerance.CheckRows(
            limit.StudentGradient, warm.StudentGradient, 23, 5e-4, row => Tolerance.Largest(
                limit.StudentGradient, 23, row), "limit");
    }

    [Fact]
    public void The_limit_refuses_what_has_no_limit()
    {
        double[] logits = [1, 2, 3];
        KlRun With(double[] student, double[] teacher, bool squared = true, double[]? weights = null) => new()
        {
            Outer = 1,
            Classes = 3,
            Student = student,
            Teacher = teacher,
            Temperature = Infinity,
            TemperatureSquared = squared,
            Weights = weights,
        };
        Assert.Contains(
            "no class weights", Message(With(logits, logits, weights: [1, 1, 1])), StringComparison.Ordinal);
        Assert.Contains(
            "temperatureSquared = true", Message(With(logits, logits, squared: false)), StringComparison.Ordinal);
        Assert.Contains("row 0, class 1", Message(With([1, -Infinity, 3], logits)), StringComparison.Ordinal);
        Assert.Contains(
            "got -inf in row 0, class 2", Message(With(logits, [1, 2, -Infinity])), StringComparison.Ordinal);
    }

    private static string Message(KlRun run) => Assert.Throws<ArgumentException>(() => run.Execute()).Message;

    private static KlRun Rows(
        KdElementType type, Layout layout, int rows, double[] student, double[] teacher, KdReduction reduction) => Run(
        type,
        layout,
        1,
        rows,
        student.Length,
        [.. Enumerable.Repeat(Logits.Round(student, type), rows).SelectMany(v => v)],
        [.. Enumerable.Repeat(Logits.Round(teacher, type), rows).SelectMany(v => v)],
        2,
        reduction);

    private static KlRun Run(
        KdElementType type,
        Layout layout,
        int outer,
        int inner,
        int classes,
        double[] student,
        double[] teacher,
        double temperature,
        KdReduction reduction,
        long[]? labels = null) => new()
        {
            Outer = outer,
            Inner = inner,
            Classes = classes,
            Layout = layout,
            Type = type,
            Student = student,
            Teacher = teacher,
            Temperature = temperature,
            Reduction = reduction,
            Labels = labels,
        };
}
