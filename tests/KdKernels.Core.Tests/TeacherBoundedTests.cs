namespace KdKernels.Core.Tests;

/// <summary>TeacherBounded against the oracle over the table of shapes, and where the bound switches.</summary>
public class TeacherBoundedTests
{
    private const double Infinity = double.PositiveInfinity;

    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    [Theory, MemberData(nameof(TemperedKlTests.Shapes), MemberType = typeof(TemperedKlTests))]
    public void Loss_and_gradient_match_the_oracle(int outer, int inner, int offsets, Layout layout) =>
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                BoundedRun.Case(outer, inner, offsets, layout, type).Check();
                BoundedRun.Case(outer, inner, offsets, layout, type, masked: true, smoothL1: true).Check();
            }
        });

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_mask_smooth_l1_and_upstream(KdReduction reduction)
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
        {
            foreach (KdElementType type in Types)
            {
                for (int options = 0; options < 8; options++)
                {
                    BoundedRun.Case(
                        5, 29, 4, layout, type, reduction, (options & 1) != 0, (options & 2) != 0, (options & 4) != 0).Check();
                }
            }
        }
    }

    [Fact]
    public void The_loss_is_on_until_the_student_beats_the_teacher_by_the_margin()
    {
        // Squared distances: the student's 4, the teacher's 4, 4.5, 5.5 and 6.
        BoundedRun run = Boxes(
            margin: 1,
            student: [2, 2, 2, 2],
            teacher: [2, Math.Sqrt(4.5), Math.Sqrt(5.5), Math.Sqrt(6)],
            target: [0, 0, 0, 0]).Check();
        Assert.Equal([4, 4, 0, 0], run.Loss);
        Assert.Equal([4, 4, 0, 0], run.Gradient);

        // Exactly the margin is enough to be left alone: 4 + 5 > 9 does not hold.
        BoundedRun tie = Boxes(margin: 5, student: [2, 2], teacher: [3, 2.999], target: [0, 0]).Check();
        Assert.Equal([0, 4], tie.Loss);
        Assert.Equal([0, 4], tie.Gradient);
    }

    [Fact]
    public void Background_boxes_neither_count_nor_hide_the_loss()
    {
        // A mean over all boxes would be 16 times smaller.
        int boxes = 64;
        var run = new BoundedRun
        {
            Outer = boxes,
            Offsets = 1,
            Student = [.. Enumerable.Range(0, boxes).Select(i => i % 16 == 0 ? 3.0 : double.NaN)],
            Teacher = [.. Enumerable.Repeat(5.0, boxes)],
            Target = [.. Enumerable.Range(0, boxes).Select(i => i % 16 == 0 ? 1.0 : Infinity)],
            Margin = 100,
            Foreground = [.. Enumerable.Range(0, boxes).Select(i => i % 16 == 0 ? 7L : 0)],
        };
        run.Check();
        Assert.Equal(4, run.Loss[0]);
        for (int i = 0; i < boxes; i++) Assert.Equal(i % 16 == 0 ? 1 : 0, run.Gradient[i]);
    }

    [Fact]
    public void Without_any_foreground_means_are_nan_sums_are_zero_and_no_box_has_a_gradient()
    {
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            BoundedRun run = new BoundedRun
            {
                Outer = 3,
                Student = new double[12],
                Teacher = new double[12],
                Target = new double[12],
                Foreground = [0, 0, 0],
                Reduction = reduction,
            }.Check();
            double expected = reduction is KdReduction.Mean or KdReduction.BatchMean ? double.NaN : 0;
            Assert.All(run.Loss, loss => Assert.Equal(expected, loss));
            Assert.All(run.Gradient, g => Assert.Equal(0, g));
        }
    }

    [Fact]
    public void The_whole_regression_loss_adds_smooth_l1_whether_the_bound_is_on_or_off()
    {
        BoundedRun run = new BoundedRun
        {
            Outer = 2,
            Offsets = 2,
            Type = KdElementType.Float64,
            Student = [0.5, 3, 0.5, 3],
            Teacher = [0, 0, 4, 4],
            Target = [0, 0, 0, 0],
            BoundWeight = 0.5,
            SmoothL1 = true,
            Reduction = KdReduction.None,
        }.Check();
        Assert.Equal([0.125 + 2.5 + (0.5 * 9.25), 0.125 + 2.5], run.Loss);
        Assert.Equal([0.5 + 0.5, 1 + 3, 0.5, 1], run.Gradient);
    }

    [Fact]
    public void A_box_that_is_no_number_is_nan_and_poisons_no_other() => Widths.ForEach(() =>
    {
        for (int operand = 0; operand < 3; operand++)
        {
            BoundedRun run = BoundedRun.Case(40, 1, 4, Layout.Contiguous, KdElementType.Float32, KdReduction.None);
            double[][] operands = [run.Student, run.Teacher, run.Target];
            operands[operand][17] = double.NaN;
            run.Execute();
            Assert.Equal(double.NaN, run.Loss[4]);
            Assert.All(run.Gradient[16..20], g => Assert.Equal(double.NaN, g));
            Assert.Equal(39, run.Loss.Count(double.IsFinite));
            Assert.Equal(156, run.Gradient.Count(double.IsFinite));
        }
    });

    [Fact]
    public void A_teacher_infinitely_far_away_switches_the_loss_off()
    {
        BoundedRun run = Boxes(margin: 1, student: [2, Infinity], teacher: [Infinity, 1], target: [0, 0]).Check();
        Assert.Equal([0, Infinity], run.Loss);
        Assert.Equal([0, Infinity], run.Gradient);
    }

    [Fact]
    public void Teacher_and_student_may_lie_differently() => new BoundedRun
    {
        Outer = 3,
        Inner = 7,
        Layout = Layout.Channels,
        TeacherLayout = Layout.Sliced,
        Student = Logits.Random(21, 4, 1, KdElementType.Float32),
        Teacher = Logits.Random(21, 4, 2, KdElementType.Float32),
        Target = Logits.Random(21, 4, 3, KdElementType.Float32),
    }.Check();

    [Theory]
    [InlineData(Layout.Contiguous, KdElementType.Float32)]
    [InlineData(Layout.Channels, KdElementType.Float64)]
    public void Threads_and_repeats_do_not_change_a_bit(Layout layout, KdElementType type)
    {
        byte[]? expected = null;
        Threads.ForEach(() =>
        {
            BoundedRun run = BoundedRun.Case(70, 100, 4, layout, type, masked: true, smoothL1: true).Execute();
            Assert.Equal(expected ??= run.Bits, run.Bits);
        });
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var plain = new TeacherBoundedSettings(0, KdReduction.Sum);
        foreach (double wrong in new[] { -1, double.NaN, Infinity })
        {
            Expect<ArgumentOutOfRangeException>(
                $"expected a finite margin of 0 or more but got {wrong}",
                (s, loss) => TeacherBounded.Forward(s, s, s, plain with { Margin = wrong }, loss));
            Expect<ArgumentOutOfRangeException>(
                $"expected a finite boundWeight of 0 or more but got {wrong}",
                (s, loss) => TeacherBounded.Forward(s, s, s, plain with { BoundWeight = wrong }, loss));
            Expect<ArgumentOutOfRangeException>(
                $"expected a positive finite beta but got {wrong}",
                (s, loss) => TeacherBounded.Forward(s, s, s, plain with { Beta = wrong }, loss));
        }

        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            (s, loss) => TeacherBounded.Forward(s, s, s, new(0, (KdReduction)9), loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 4] but got [1, 1, 1]", (s, loss) => TeacherBounded.Forward(s, loss, s, plain, loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 4] but got [1, 1, 1]", (s, loss) => TeacherBounded.Forward(s, s, loss, plain, loss));
        Expect<ArgumentException>(
            "expected element type Int64 but got Float32",
            (s, loss) => TeacherBounded.Forward(s, s, s, plain with { Foreground = s }, loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 4] but got [1, 1, 1]",
            (s, loss) => TeacherBounded.ForwardWithGradient(s, s, s, plain, loss, loss));
        Expect<ArgumentException>(
            "expected shape [1, 1, 1] but got [2, 1, 4]", (s, loss) => TeacherBounded.Backward(s, s, s, plain, s, s));
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cpu",
            (s, loss) => TeacherBounded.Forward(s with { Device = KdDevice.Cuda(0) }, s, s, plain, loss));
    }

    private static BoundedRun Boxes(double margin, double[] student, double[] teacher, double[] target) => new()
    {
        Outer = student.Length,
        Offsets = 1,
        Type = KdElementType.Float64,
        Student = student,
        Teacher = teacher,
        Target = target,
        Margin = margin,
        Reduction = KdReduction.None,
    };

    private static void Expect<TException>(string message, Action<RowsView, RowsView> call)
        where TException : Exception
    {
        using var boxes = GuardedTensor.Input(KdElementType.Float32, 2, 1, 4, Layout.Contiguous, new double[8]);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        var e = Assert.Throws<TException>(() => call(boxes.View, loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
