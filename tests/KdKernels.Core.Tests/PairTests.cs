namespace KdKernels.Core.Tests;

/// <summary>
/// ReverseKl, Jsd, TotalVariation and DecoupledKd against their oracles over the table of shapes, layouts, types,
/// widths and settings, and what holds for all of them: bits, masks, NaN, equal logits.
/// </summary>
public class PairTests
{
    private const double NaN = double.NaN;
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    public static TheoryData<PairOp, int, int, int, Layout> Shapes
    {
        get
        {
            var data = new TheoryData<PairOp, int, int, int, Layout>();
            foreach (object[] row in TemperedKlTests.Shapes)
            {
                foreach (PairOp op in Enum.GetValues<PairOp>())
                {
                    int classes = (int)row[2];
                    if (op == PairOp.DecoupledKd && classes == 1) continue;
                    data.Add(op, (int)row[0], (int)row[1], classes, (Layout)row[3]);
                }
            }

            return data;
        }
    }

    public static TheoryData<PairOp, Layout, KdElementType> Places
    {
        get
        {
            var data = new TheoryData<PairOp, Layout, KdElementType>();
            foreach (PairOp op in Enum.GetValues<PairOp>())
                foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels })
                    foreach (KdElementType type in Types) data.Add(op, layout, type);
            return data;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_and_gradients_match_the_oracle(PairOp op, int outer, int inner, int classes, Layout layout) =>
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                foreach (double temperature in Temperatures(op))
                {
                    foreach (double beta in op == PairOp.Jsd ? [0.5, 0.1, 0.999] : new[] { 0.5 })
                    {
                        PairRun.Case(
                            op, outer, inner, classes, layout, type, temperature, KdReduction.BatchMean, beta: beta).Check();
                    }
                }
            }
        });

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_mask_and_upstream(KdReduction reduction)
    {
        foreach (PairOp op in Enum.GetValues<PairOp>())
        {
            foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
            {
                foreach (KdElementType type in Types)
                {
                    for (int options = 0; options < 16; options += 2)
                        PairRun.Case(op, 4, 9, 37, layout, type, 3, reduction, options).Check();
                }
            }
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void Temperatures_outside_of_single_precision_are_widened(PairOp op, Layout layout, KdElementType type)
    {
        // Beyond these, T² times a loss that does not grow with the logits leaves single precision.
        bool isBounded = op is PairOp.Jsd or PairOp.TotalVariation;
        double[] far = isBounded ? [1e-15, 1e15] : [1e-30, 1e18, 1e60];
        foreach (double temperature in far.Concat([1e-7, 1e-3, 1e7]))
            PairRun.Case(op, 3, 5, 19, layout, type, temperature, KdReduction.None).Check();
    }

    [Theory, MemberData(nameof(Places))]
    public void Threads_and_repeats_do_not_change_a_bit(PairOp op, Layout layout, KdElementType type)
    {
        int before = KdCpu.Threads;
        try
        {
            byte[]? expected = null;
            foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
            {
                KdCpu.Threads = threads;
                // 700 rows of 101 classes are several chunks.
                PairRun run = PairRun.Case(op, 7, 100, 101, layout, type, 3, KdReduction.BatchMean, options: 2);
                run.Execute();
                Assert.Equal(expected ??= run.Bits, run.Bits);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void Equal_logits_give_exactly_zero(PairOp op, Layout layout, KdElementType type)
    {
        foreach (double temperature in Temperatures(op).Concat([20, 1e5]))
        {
            double[] logits = Logits.Random(6, 37, 1, type);
            PairRun run = Run(op, layout, type, 37, logits, logits, temperature);
            Assert.All(run.Loss, loss => Assert.Equal(0, loss));
            Assert.All(run.StudentGradient, g => Assert.Equal(0, g));
            Assert.All(run.TeacherGradient, g => Assert.Equal(0, g));
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void NaN_poisons_its_row_and_the_reduced_value_only(PairOp op, Layout layout, KdElementType type)
    {
        for (int position = 0; position < 40; position += 13)
        {
            foreach (bool inTeacher in new[] { false, true })
            {
                foreach (double temperature in Temperatures(op))
                {
                    double[] student = Logits.Random(4, 40, 1, type), teacher = Logits.Random(4, 40, 2, type);
                    PairRun clean = Run(op, layout, type, 40, student, teacher, temperature);
                    (inTeacher ? teacher : student)[80 + position] = NaN;
                    PairRun run = Run(op, layout, type, 40, student, teacher, temperature);
                    for (int i = 0; i < 160; i++)
                    {
                        bool poisoned = i / 40 == 2;
                        Assert.Equal(poisoned ? NaN : clean.StudentGradient[i], run.StudentGradient[i]);
                        Assert.Equal(poisoned ? NaN : clean.TeacherGradient[i], run.TeacherGradient[i]);
                        Assert.Equal(poisoned ? NaN : clean.Loss[i / 40], run.Loss[i / 40]);
                    }

                    run = Run(op, layout, type, 40, student, teacher, temperature, KdReduction.BatchMean);
                    Assert.Equal(NaN, run.Loss[0]);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void Ignored_rows_give_zero_whatever_they_hold(PairOp op, Layout layout, KdElementType type)
    {
        double[] student = Logits.Random(6, 9, 1, type), teacher = Logits.Random(6, 9, 2, type);
        Array.Fill(student, NaN, 9, 9);
        Array.Fill(teacher, double.NegativeInfinity, 9, 9);
        long[] labels = [0, -100, 3, 1, -100, 2];
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            var run = new PairRun
            {
                Op = op,
                Outer = 3,
                Inner = 2,
                Classes = 9,
                Layout = layout,
                Type = type,
                Student = student,
                Teacher = teacher,
                Labels = labels,
                Reduction = reduction,
            };
            run.Check();
            Assert.All(run.StudentGradient[9..18], g => Assert.Equal(0, g));
            Assert.All(run.TeacherGradient[36..45], g => Assert.Equal(0, g));
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void Near_equal_and_shifted_logits_keep_their_digits(PairOp op, Layout layout, KdElementType type)
    {
        foreach (int classes in new[] { 100, 1000 })
        {
            foreach (double temperature in new[] { 1.0, 4, 20, 1000, 1e5 })
            {
                double[] student = Logits.Random(4, classes, 1, type, outliers: false);
                double[] near = Logits.Near(student, 1e-3, 2, type);
                double[] other = Logits.Random(4, classes, 2, type, outliers: false);
                double[] shifted = Logits.Round([.. other.Select(v => v + 1000)], type);
                foreach (double[] teacher in new[] { near, shifted })
                {
                    new PairRun
                    {
                        Op = op,
                        Outer = 1,
                        Inner = 4,
                        Classes = classes,
                        Layout = layout,
                        Type = type,
                        Student = student,
                        Teacher = teacher,
                        Labels = op == PairOp.DecoupledKd ? Logits.Labels(4, classes, 4, ignored: false) : null,
                        Temperature = temperature,
                        Beta = 0.3,
                        Reduction = KdReduction.None,
                    }.Check(
                        type == KdElementType.Float32 ? Tolerance.SingleLossAnywhere : 1e-8,
                        type == KdElementType.Float32 ? Tolerance.SingleGradientAnywhere : 1e-8);
                }
            }
        }
    }

    [Fact]
    public void Operands_may_have_different_layouts()
    {
        foreach (PairOp op in Enum.GetValues<PairOp>())
        {
            foreach ((Layout student, Layout teacher, Layout gradient) in new[]
            {
                (Layout.Contiguous, Layout.Channels, Layout.Channels),
                (Layout.Channels, Layout.ChannelsSliced, Layout.Contiguous),
                (Layout.Channels, Layout.Contiguous, Layout.Reversed),
                (Layout.Reversed, Layout.Contiguous, Layout.Scattered),
            })
            {
                new PairRun
                {
                    Op = op,
                    Outer = 2,
                    Inner = 20,
                    Classes = 11,
                    Layout = student,
                    TeacherLayout = teacher,
                    GradientLayout = gradient,
                    Student = Logits.Random(40, 11, 1, KdElementType.Float32),
                    Teacher = Logits.Random(40, 11, 2, KdElementType.Float32),
                    Labels = op == PairOp.DecoupledKd ? Logits.Labels(40, 11, 3, ignored: false) : null,
                }.Check();
            }
        }
    }

    private static double[] Temperatures(PairOp op) =>
        op is PairOp.ReverseKl or PairOp.Jsd ? [1, 4, double.PositiveInfinity] : [1, 4];

    private static PairRun Run(
        PairOp op,
        Layout layout,
        KdElementType type,
        int classes,
        double[] student,
        double[] teacher,
        double temperature,
        KdReduction reduction = KdReduction.None)
    {
        int rows = student.Length / classes;
        return new PairRun
        {
            Op = op,
            Outer = 2,
            Inner = rows / 2,
            Classes = classes,
            Layout = layout,
            Type = type,
            Student = student,
            Teacher = teacher,
            Temperature = temperature,
            Reduction = reduction,
            Labels = op == PairOp.DecoupledKd ? Logits.Labels(rows, classes, 4, ignored: false) : null,
        }.Execute();
    }
}
