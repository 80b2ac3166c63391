namespace KdKernels.Core.Tests;

/// <summary>SoftCrossEntropy against the oracle, and the defects of other implementations of it.</summary>
public class SoftCrossEntropyTests
{
    private const double Infinity = double.PositiveInfinity;

    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    private static readonly Layout[] Layouts = [Layout.Contiguous, Layout.Channels, Layout.Scattered];

    [Theory, MemberData(nameof(TemperedKlTests.Shapes), MemberType = typeof(TemperedKlTests))]
    public void Loss_and_gradient_match_the_oracle(int outer, int inner, int classes, Layout layout) =>
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                SoftCrossEntropyRun.Case(outer, inner, classes, layout, type, 1).Check();
                SoftCrossEntropyRun.Case(outer, inner, classes, layout, type, 4, weighted: classes > 1).Check();
            }
        });

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_weights_mask_and_upstream(KdReduction reduction)
    {
        foreach (Layout layout in Layouts)
        {
            foreach (KdElementType type in Types)
            {
                for (int options = 0; options < 16; options++)
                {
                    SoftCrossEntropyRun.Case(
                        4, 9, 37, layout, type, 3, reduction, (options & 1) != 0, (options & 2) != 0, (options & 4) != 0,
                        (options & 8) == 0).Check();
                }
            }
        }
    }

    [Fact]
    public void Weights_are_inside_of_the_class_sum()
    {
        // Not w⊙(q − p), the gradient of weights that stand outside of the sum.
        foreach (KdElementType type in Types)
        {
            SoftCrossEntropyRun run = Rows(type, [1.5, 1, 1], [2, 0, -1], [0, 1, 3]).Check();
            double[] p = Softmax(run.Teacher), q = Softmax(run.Student);
            double mass = (1.5 * p[0]) + p[1] + p[2];
            Assert.Equal((q[0] * mass) - (1.5 * p[0]), run.Gradient[0], 6);
            Assert.Equal((q[1] * mass) - p[1], run.Gradient[1], 6);
            Assert.NotEqual(1.5 * (q[0] - p[0]), run.Gradient[0], 3);
        }
    }

    [Fact]
    public void Weights_belong_to_classes_and_not_to_rows()
    {
        // With one weight per row, a row and its twin with exchanged classes would have the same loss.
        double[] weights = [1.5, 1, 1];
        double loss = Rows(KdElementType.Float64, weights, [2, 0, -1], [0, 1, 3]).Check().Loss[0];
        double twin = Rows(KdElementType.Float64, weights, [-1, 0, 2], [3, 1, 0]).Check().Loss[0];
        Assert.NotEqual(loss, twin, 3);
        Assert.Equal(
            Rows(KdElementType.Float64, [1, 1, 1], [2, 0, -1], [0, 1, 3]).Check().Loss[0],
            Rows(KdElementType.Float64, [1, 1, 1], [-1, 0, 2], [3, 1, 0]).Check().Loss[0],
            14);
    }

    [Fact]
    public void A_student_whose_probability_underflows_has_a_finite_loss()
    {
        // log(softmax(z)) is −∞ for the class at −800.
        foreach (KdElementType type in Types)
        {
            SoftCrossEntropyRun run = Rows(type, null, [0, -800, -5], [1, 2, 3]).Check();
            Assert.InRange(run.Loss[0], 190, 200);
            Rows(type, [1.5, 1, 1], [0, -800, -5], [1, 2, 3]).Check();
        }
    }

    [Fact]
    public void Equal_logits_leave_the_teachers_entropy_and_no_gradient()
    {
        foreach (KdElementType type in Types)
        {
            SoftCrossEntropyRun run = Rows(type, null, [1, 1, 1, 1], [1, 1, 1, 1]).Check();
            Assert.Equal(Math.Log(4), run.Loss[0], 6);
            Assert.All(run.Gradient, g => Assert.Equal(0, g));
        }
    }

    [Fact]
    public void Excluded_classes_have_neither_value_nor_gradient() => Everywhere((type, weights, layout) =>
    {
        SoftCrossEntropyRun run = Rows(type, weights, layout, [1, -Infinity, 2], [0, -Infinity, 4]).Check();
        Assert.Equal(0, run.Gradient[1]);
        Rows(type, weights, layout, [1, 3, 2], [0, -Infinity, 4]).Check();
    });

    [Fact]
    public void A_class_that_only_the_student_excludes_costs_infinitely_much() => Everywhere((type, weights, layout) =>
    {
        SoftCrossEntropyRun run = Rows(type, weights, layout, [1, -Infinity, 2], [0, 1, 4]).Execute();
        Assert.Equal(Infinity, run.Loss[0]);
        Assert.All(run.Gradient[..3], g => Assert.True(double.IsFinite(g)));
    });

    [Fact]
    public void A_row_that_is_no_distribution_is_nan_and_poisons_no_other() => Everywhere((type, weights, layout) =>
    {
        foreach (double[] poison in new double[][]
        {
            [-Infinity, -Infinity, -Infinity], [0, double.NaN, 1], [Infinity, 0, 1],
        })
        {
            foreach (bool student in new[] { true, false })
            {
                double[] fine = [1, 2, 3];
                SoftCrossEntropyRun run = new SoftCrossEntropyRun
                {
                    Outer = 1,
                    Inner = 3,
                    Classes = 3,
                    Layout = layout,
                    Type = type,
                    Reduction = KdReduction.None,
                    Weights = weights,
                    Student = [.. fine, .. student ? poison : fine, .. fine],
                    Teacher = [.. fine, .. student ? fine : poison, .. fine],
                }.Execute();
                Assert.Equal(double.NaN, run.Loss[1]);
                Assert.All(run.Gradient[3..6], g => Assert.Equal(double.NaN, g));
                Assert.True(double.IsFinite(run.Loss[0] + run.Loss[2]));
            }
        }
    });

    [Fact]
    public void The_gradient_of_a_near_converged_student_keeps_its_digits()
    {
        // q − p from two softmaxes in single precision is a per cent off here.
        foreach (double temperature in new[] { 1, 20, 1000 })
        {
            double[] teacher = Logits.Random(5, 100, 1, KdElementType.Float32, outliers: false);
            new SoftCrossEntropyRun
            {
                Outer = 5,
                Classes = 100,
                Temperature = temperature,
                Student = Logits.Near(teacher, 1e-3, 2, KdElementType.Float32),
                Teacher = teacher,
            }.Check();
        }
    }

    [Fact]
    public void The_gradient_is_that_of_the_divergence_bit_for_bit()
    {
        SoftCrossEntropyRun run = SoftCrossEntropyRun.Case(
            3, 5, 21, Layout.Channels, KdElementType.Float32, 2, weighted: true).Execute();
        using GuardedTensor s = Tensor(run.Student), t = Tensor(run.Teacher);
        using GuardedTensor w = GuardedTensor.Input(KdElementType.Float32, 1, 1, 21, Layout.Contiguous, run.Weights);
        using var gradient = new GuardedTensor(KdElementType.Float32, 3, 5, 21, Layout.Channels);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        TemperedKl.ForwardWithGradient(
            s.View, t.View, new(2, KdReduction.BatchMean) { ClassWeights = w.View }, loss.View, gradient.View);
        Assert.Equal(gradient.ToArray(), run.Gradient);
        Assert.NotEqual(loss[0, 0], run.Loss[0]);

        static GuardedTensor Tensor(double[] values) =>
            GuardedTensor.Input(KdElementType.Float32, 3, 5, 21, Layout.Channels, values);
    }

    [Fact]
    public void Ignored_rows_are_not_counted_and_without_any_other_the_means_are_nan()
    {
        SoftCrossEntropyRun run = SoftCrossEntropyRun.Case(
            3, 1, 5, Layout.Contiguous, KdElementType.Float32, masked: true).Check();
        Assert.All(run.Gradient[5..10], g => Assert.Equal(0, g));
        SoftCrossEntropyRun none = new SoftCrossEntropyRun
        {
            Outer = 2,
            Classes = 3,
            Student = new double[6],
            Teacher = new double[6],
            Labels = [-100, -100],
        }.Execute();
        Assert.Equal(double.NaN, none.Loss[0]);
        Assert.All(none.Gradient, g => Assert.Equal(0, g));
    }

    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Channels)]
    public void The_largest_logit_may_come_late(Layout layout) => Widths.ForEach(() =>
    {
        // Every block of this ramp is measured from a larger logit.
        double[] ramp = [.. Enumerable.Range(0, 10000).Select(c => (double)(float)(c * 0.01))];
        foreach (KdElementType type in Types)
        {
            new SoftCrossEntropyRun
            {
                Outer = 1,
                Inner = 2,
                Classes = 10000,
                Layout = layout,
                Type = type,
                Student = [.. ramp.Reverse(), .. ramp],
                Teacher = [.. ramp, .. ramp.Select(z => (double)(float)(z * 1.01))],
                Weights = Logits.Weights(10000, 3, type),
            }.Check();
        }
    });

    [Theory]
    [InlineData(Layout.Contiguous, KdElementType.Float32)]
    [InlineData(Layout.Channels, KdElementType.Float64)]
    public void Threads_and_repeats_do_not_change_a_bit(Layout layout, KdElementType type)
    {
        byte[]? expected = null;
        Threads.ForEach(() =>
        {
            SoftCrossEntropyRun run = SoftCrossEntropyRun.Case(7, 100, 101, layout, type, 3, weighted: true).Execute();
            Assert.Equal(expected ??= run.Bits, run.Bits);
        });
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var plain = new SoftCrossEntropySettings(1, KdReduction.Sum);
        foreach (double temperature in new[] { 0, -1, double.NaN, Infinity })
        {
            Expect<ArgumentOutOfRangeException>(
                $"expected a temperature in [1e-100, 1e100] but got {temperature}",
                (s, loss) => SoftCrossEntropy.Forward(s, s, plain with { Temperature = temperature }, loss));
        }

        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            (s, loss) => SoftCrossEntropy.Forward(s, s, new(1, (KdReduction)9), loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [1, 1, 1]", (s, loss) => SoftCrossEntropy.Forward(s, loss, plain, loss));
        Expect<ArgumentException>(
            "expected shape [1, 1, 3] but got [2, 1, 3]",
            (s, loss) => SoftCrossEntropy.Forward(s, s, plain with { ClassWeights = s }, loss));
        Expect<ArgumentException>(
            "expected element type Int64 but got Float32",
            (s, loss) => SoftCrossEntropy.Forward(s, s, plain with { Labels = s }, loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [1, 1, 1]",
            (s, loss) => SoftCrossEntropy.ForwardWithGradient(s, s, plain, loss, loss));
        Expect<ArgumentException>(
            "expected shape [1, 1, 1] but got [2, 1, 3]", (s, loss) => SoftCrossEntropy.Backward(s, s, plain, s, s));
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cpu",
            (s, loss) => SoftCrossEntropy.Forward(s with { Device = KdDevice.Cuda(0) }, s, plain, loss));
    }

    private static SoftCrossEntropyRun Rows(KdElementType type, double[]? weights, double[] student, double[] teacher) =>
        Rows(type, weights, Layout.Contiguous, student, teacher);

    private static SoftCrossEntropyRun Rows(
        KdElementType type, double[]? weights, Layout layout, double[] student, double[] teacher) => new()
        {
            Outer = 1,
            Inner = 2,
            Classes = student.Length,
            Layout = layout,
            Type = type,
            Reduction = KdReduction.None,
            Weights = weights,
            Student = [.. student, .. Enumerable.Repeat(0.5, student.Length)],
            Teacher = [.. teacher, .. Enumerable.Repeat(0.5, student.Length)],
        };

    private static double[] Softmax(double[] rows)
    {
        double[] e = [.. rows.Take(3).Select(Math.Exp)];
        return [.. e.Select(x => x / e.Sum())];
    }

    private static void Everywhere(Action<KdElementType, double[]?, Layout> body) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            foreach (Layout layout in Layouts)
            {
                body(type, null, layout);
                body(type, [1.5, 1, 0.5], layout);
            }
        }
    });

    private static void Expect<TException>(string message, Action<RowsView, RowsView> call)
        where TException : Exception
    {
        using var logits = GuardedTensor.Input(KdElementType.Float32, 2, 1, 3, Layout.Contiguous, new double[6]);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        var e = Assert.Throws<TException>(() => call(logits.View, loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
