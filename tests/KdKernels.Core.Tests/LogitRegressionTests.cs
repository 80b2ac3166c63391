namespace KdKernels.Core.Tests;

/// <summary>LogitRegression against the oracle over the table of shapes, layouts, types, widths and settings.</summary>
public class LogitRegressionTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    [Theory, MemberData(nameof(TemperedKlTests.Shapes), MemberType = typeof(TemperedKlTests))]
    public void Loss_and_gradients_match_the_oracle(int outer, int inner, int classes, Layout layout) =>
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types) RegressionRun.Case(outer, inner, classes, layout, type).Check();
        });

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_and_without_an_upstream_gradient(KdReduction reduction)
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
        {
            foreach (KdElementType type in Types)
            {
                foreach (bool upstream in new[] { false, true })
                {
                    foreach (bool half in new[] { false, true })
                        RegressionRun.Case(4, 9, 37, layout, type, reduction, upstream, half).Check();
                }
            }
        }
    }

    [Fact]
    public void Student_teacher_and_gradients_may_have_different_layouts()
    {
        foreach ((Layout student, Layout teacher, Layout gradient) in new[]
        {
            (Layout.Contiguous, Layout.Channels, Layout.Scattered),
            (Layout.Channels, Layout.ChannelsSliced, Layout.Channels),
            (Layout.Channels, Layout.Channels, Layout.Contiguous),
            (Layout.Reversed, Layout.Sliced, Layout.Channels),
        })
        {
            new RegressionRun
            {
                Outer = 2,
                Inner = 20,
                Classes = 11,
                Layout = student,
                TeacherLayout = teacher,
                GradientLayout = gradient,
                Student = Logits.Random(40, 11, 1, KdElementType.Float32),
                Teacher = Logits.Random(40, 11, 2, KdElementType.Float32),
            }.Check();
        }
    }

    [Fact]
    public void The_mean_without_the_half_is_torchs_mse_loss()
    {
        // (1² + 2² + 0 + 3²) / 4, where the paper's mean over rows of ½‖s − t‖² is 3.5.
        RegressionRun Run(KdReduction reduction, bool half) => new RegressionRun
        {
            Outer = 2,
            Classes = 2,
            Reduction = reduction,
            Half = half,
            Student = [1, 2, 3, 4],
            Teacher = [0, 0, 3, 1],
        }.Execute();
        Assert.Equal(3.5, Run(KdReduction.Mean, half: false).Loss[0]);
        Assert.Equal([0.5, 1, 0, 1.5], Run(KdReduction.Mean, half: false).StudentGradient);
        Assert.Equal(3.5, Run(KdReduction.BatchMean, half: true).Loss[0]);
        Assert.Equal([0.5, 1, 0, 1.5], Run(KdReduction.BatchMean, half: true).StudentGradient);
        Assert.Equal(1.75, Run(KdReduction.Mean, half: true).Loss[0]);
    }

    [Fact]
    public void Equal_logits_have_neither_loss_nor_gradient()
    {
        double[] logits = Logits.Random(3, 50, 1, KdElementType.Float32);
        RegressionRun run = new RegressionRun { Outer = 3, Classes = 50, Student = logits, Teacher = logits }.Execute();
        Assert.Equal(0, run.Loss[0]);
        Assert.All(run.StudentGradient, g => Assert.Equal(0, g));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_logit_that_is_no_number_poisons_its_row_alone(double value)
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
        {
            RegressionRun run = RegressionRun.Case(1, 20, 5, layout, KdElementType.Float32, KdReduction.None);
            run.Student[17] = value;
            run.Check();
            Assert.Equal(double.IsNaN(value) ? value : double.PositiveInfinity, run.Loss[3]);
            Assert.Equal(value, run.StudentGradient[17]);
            Assert.Equal(19, run.Loss.Count(double.IsFinite));
            Assert.Equal(99, run.StudentGradient.Count(double.IsFinite));
        }
    }

    [Fact]
    public void Without_rows_sums_are_zero_and_means_are_nan()
    {
        double Loss(KdReduction reduction) =>
            RegressionRun.Case(0, 1, 3, Layout.Contiguous, KdElementType.Float32, reduction).Execute().Loss[0];
        Assert.Equal(0, Loss(KdReduction.Sum));
        Assert.Equal(double.NaN, Loss(KdReduction.Mean));
        Assert.Equal(double.NaN, Loss(KdReduction.BatchMean));
    }

    [Theory]
    [InlineData(Layout.Contiguous, KdElementType.Float32)]
    [InlineData(Layout.Contiguous, KdElementType.Float64)]
    [InlineData(Layout.Channels, KdElementType.Float32)]
    [InlineData(Layout.Channels, KdElementType.Float64)]
    public void Threads_and_repeats_do_not_change_a_bit(Layout layout, KdElementType type)
    {
        byte[]? expected = null, expectedNoisy = null;
        Threads.ForEach(() =>
        {
            // 700 rows of 101 classes are several chunks.
            RegressionRun run = RegressionRun.Case(7, 100, 101, layout, type).Execute();
            RegressionRun noisy = run.With(sigma: 0.3, alpha: 0.5).Execute();
            Assert.Equal(expected ??= run.Bits, run.Bits);
            Assert.Equal(expectedNoisy ??= noisy.Bits, noisy.Bits);
        });
    }

    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Channels)]
    public void A_row_has_the_same_bits_wherever_it_stands(Layout layout)
    {
        double[] one = Logits.Random(1, 117, 1, KdElementType.Float32), two = Logits.Random(1, 117, 2, KdElementType.Float32);
        byte[]? expected = null;
        foreach (int rows in new[] { 2, 5, 64, 67 })
        {
            for (int position = 0; position < rows; position += 3)
            {
                RegressionRun run = RegressionRun.Case(1, rows, 117, layout, KdElementType.Float32, KdReduction.None);
                one.CopyTo(run.Student, position * 117);
                two.CopyTo(run.Teacher, position * 117);
                run.Execute();
                byte[] bits =
                [
                    .. BitConverter.GetBytes(run.Loss[position]),
                    .. run.StudentGradient.Skip(position * 117).Take(117).SelectMany(BitConverter.GetBytes),
                ];
                Assert.Equal(expected ??= bits, bits);
            }
        }
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var plain = new LogitRegressionSettings(KdReduction.Sum);
        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            (s, loss) => LogitRegression.Forward(s, s, new((KdReduction)9), loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [1, 1, 1]", (s, loss) => LogitRegression.Forward(s, loss, plain, loss));
        Expect<ArgumentException>(
            "expected element type Float32 but got Float64",
            (s, loss) => LogitRegression.Forward(s, s with { ElementType = KdElementType.Float64 }, plain, loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 1] but got [1, 1, 1]",
            (s, loss) => LogitRegression.Forward(s, s, new(KdReduction.None), loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [1, 1, 1]",
            (s, loss) => LogitRegression.ForwardWithGradient(s, s, plain, loss, null, loss));
        Expect<ArgumentException>(
            "expected distinct memory",
            (s, loss) => LogitRegression.Backward(s, s, plain, loss, s with { OuterStride = 0 }));
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cpu",
            (s, loss) => LogitRegression.Forward(s with { Device = KdDevice.Cuda(0) }, s, plain, loss));
    }

    private static void Expect<TException>(string message, Action<RowsView, RowsView> call)
        where TException : Exception
    {
        using var logits = new GuardedTensor(KdElementType.Float32, 2, 1, 3, Layout.Contiguous);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        var e = Assert.Throws<TException>(() => call(logits.View, loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
