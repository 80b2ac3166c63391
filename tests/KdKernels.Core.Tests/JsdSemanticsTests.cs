namespace KdKernels.Core.Tests;

/// <summary>
/// Defects of other implementations of the divergence of a mixture, and the closed forms of this one.
/// </summary>
public class JsdSemanticsTests
{
    private const double Infinity = double.PositiveInfinity;

    [Fact]
    public void A_class_that_both_exclude_is_not_zero_times_minus_infinity() => Everywhere((layout, type) =>
    {
        // log(beta·P + (1 − beta)·Q) is log 0 there, and 0·(−∞) NaN after it.
        PairRun run = Run(layout, type, [1, -Infinity, 2, 0], [0, -Infinity, 3, 1]).Check();
        Assert.True(run.Loss[0] is > 0 and < 10);
        Assert.Equal(0, run.StudentGradient[1]);
        Assert.Equal(0, run.TeacherGradient[1]);
    });

    [Fact]
    public void A_class_that_underflows_on_both_sides_is_not_either() => Everywhere((layout, type) =>
    {
        PairRun run = Run(layout, type, [1, -2000, 2, 0], [0, -3000, 3, 1]).Check();
        Assert.True(run.Loss[0] is > 0 and < 10);
    });

    [Fact]
    public void A_class_that_one_side_excludes_costs_a_finite_amount() => Everywhere((layout, type) =>
    {
        foreach (double beta in new[] { 0.5, 0.2, 0.9, 0, 1 })
        {
            PairRun run = Run(layout, type, [1, -Infinity, 2, 0], [0, 1, 2, 3], beta).Check();
            Assert.All(run.StudentGradient.Concat(run.TeacherGradient), g => Assert.True(double.IsFinite(g)));
            run = Run(layout, type, [0, 1, 2, 3], [1, -Infinity, 2, 0], beta).Check();
            Assert.All(run.StudentGradient.Concat(run.TeacherGradient), g => Assert.True(double.IsFinite(g)));
        }
    });

    [Fact]
    public void Disjoint_distributions_cost_the_entropy_of_the_mixing() => Everywhere((layout, type) =>
    {
        foreach (double beta in new[] { 0.5, 0.2, 0.9 })
        {
            double expected = -(beta * Math.Log(beta)) - ((1 - beta) * Math.Log(1 - beta));
            foreach ((double[] s, double[] t) in new (double[], double[])[]
            {
                ([1, -Infinity, 1], [-Infinity, 3, -Infinity]), ([0, 1e4, 0], [1e4, 0, -1e4]),
                ([0, 80, 0], [80, -80, 0]),
            })
            {
                double loss = Run(layout, type, s, t, beta, temperature: 1).Loss[0];
                Assert.Equal(expected, loss, type == KdElementType.Float32 ? 6 : 13);
            }
        }
    });

    [Fact]
    public void A_row_without_any_class_is_nan() => Everywhere((layout, type) =>
    {
        double[] none = [-Infinity, -Infinity, -Infinity];
        foreach (double beta in new[] { 0.5, 0, 1 })
        {
            Assert.Equal(double.NaN, Run(layout, type, none, [1, 2, 3], beta).Loss[0]);
            Assert.Equal(double.NaN, Run(layout, type, [1, 2, 3], none, beta).Loss[0]);
        }
    });

    [Fact]
    public void At_the_ends_loss_and_gradients_are_zero() => Everywhere((layout, type) =>
    {
        foreach (double temperature in new[] { 1.0, 4, Infinity })
        {
            foreach (double beta in new[] { 0.0, 1 })
            {
                PairRun run = Run(layout, type, [1, -3, 2, 0], [0, 1, -2, 3], beta, temperature);
                Assert.All(run.Loss.Concat(run.StudentGradient).Concat(run.TeacherGradient), v => Assert.Equal(0, v));
                run = Run(layout, type, [1, double.NaN, 2, 0], [0, 1, -2, 3], beta, temperature);
                Assert.Equal(double.NaN, run.Loss[0]);
            }
        }
    });

    [Fact]
    public void At_the_ends_of_the_preset_it_is_one_of_the_divergences_bit_for_bit() => Everywhere((layout, type) =>
    {
        double[] s = Logits.Random(6, 37, 1, type), t = Logits.Random(6, 37, 2, type);
        foreach (double temperature in new[] { 1, 4, Infinity })
        {
            PairRun Jsd(double beta) => new PairRun
            {
                Op = PairOp.Jsd,
                Outer = 2,
                Inner = 3,
                Classes = 37,
                Layout = layout,
                Type = type,
                Student = s,
                Teacher = t,
                Temperature = temperature,
                Beta = beta,
                KlAtEnds = true,
            }.Check();
            var forward = new KlRun
            {
                Outer = 2,
                Inner = 3,
                Classes = 37,
                Layout = layout,
                Type = type,
                Student = s,
                Teacher = t,
                Temperature = temperature,
            };
            var reverse = new PairRun
            {
                Op = PairOp.ReverseKl,
                Outer = 2,
                Inner = 3,
                Classes = 37,
                Layout = layout,
                Type = type,
                Student = s,
                Teacher = t,
                Temperature = temperature,
            };
            // The orientation that one library once had turned round: beta is the teacher's share.
            Assert.Equal(forward.Execute().Bits, Jsd(0).Bits);
            Assert.Equal(reverse.Execute().Bits, Jsd(1).Bits);
        }
    });

    [Fact]
    public void The_form_with_probabilities_loses_a_student_near_its_teacher_and_this_one_does_not()
    {
        double[] student = Logits.Random(1, 1000, 1, KdElementType.Float32, outliers: false);
        double[] teacher = Logits.Near(student, 1e-3, 2, KdElementType.Float32);
        var run = new PairRun
        {
            Op = PairOp.Jsd,
            Outer = 1,
            Classes = 1000,
            Student = student,
            Teacher = teacher,
            Temperature = 4,
            TemperatureSquared = false,
        };
        double truth = run.Oracle().Loss;
        run.Check(Tolerance.SingleLoss, Tolerance.SingleGradientAnywhere);

        float[] p = Softmax(teacher), q = Softmax(student);
        float composite = 0;
        for (int c = 0; c < 1000; c++)
        {
            float m = 0.5f * (p[c] + q[c]);
            composite += 0.5f * ((p[c] * MathF.Log(p[c] / m)) + (q[c] * MathF.Log(q[c] / m)));
        }

        Assert.True(
            Math.Abs(composite - truth) > 0.25 * truth, $"the composite gives {composite:E2}, the truth is {truth:E2}");
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void Rejects_a_share_outside_of_zero_to_one(double beta)
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(
            () => Run(Layout.Contiguous, KdElementType.Float32, [1, 2], [2, 1], beta));
        Assert.Contains($"expected a value in [0, 1] but got {beta}", e.Message, StringComparison.Ordinal);
        Assert.Equal("beta", e.ParamName);
    }

    [Fact]
    public void The_limit_needs_the_square_of_T_and_finite_logits()
    {
        var run = new PairRun
        {
            Op = PairOp.Jsd,
            Outer = 1,
            Classes = 2,
            Student = [1, 2],
            Teacher = [2, 1],
            Temperature = Infinity,
            TemperatureSquared = false,
        };
        string message = Assert.Throws<ArgumentException>(run.Execute).Message;
        Assert.Contains("temperatureSquared = true", message, StringComparison.Ordinal);
        // The operands change places for a small share; the message must not.
        foreach (double beta in new[] { 0.2, 0.8 })
        {
            var e = Assert.Throws<ArgumentException>(
                () => Run(Layout.Contiguous, KdElementType.Float32, [1, -Infinity], [2, 1], beta, Infinity));
            Assert.Equal("student", e.ParamName);
        }
    }

    private static PairRun Run(
        Layout layout,
        KdElementType type,
        double[] student,
        double[] teacher,
        double beta = 0.3,
        double temperature = 2) => new PairRun
        {
            Op = PairOp.Jsd,
            Outer = 1,
            Inner = 3,
            Classes = student.Length,
            Layout = layout,
            Type = type,
            Student = [.. student, .. student, .. student],
            Teacher = [.. teacher, .. teacher, .. teacher],
            Temperature = temperature,
            TemperatureSquared = temperature != 1,
            Beta = beta,
            Reduction = KdReduction.None,
        }.Execute();

    private static float[] Softmax(double[] logits)
    {
        float largest = (float)logits.Max() / 4, sum = 0;
        foreach (double v in logits) sum += MathF.Exp(((float)v / 4) - largest);
        return [.. logits.Select(v => MathF.Exp(((float)v / 4) - largest) / sum)];
    }

    private static void Everywhere(Action<Layout, KdElementType> body) => Widths.ForEach(() =>
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels })
            foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 }) body(layout, type);
    });
}
