using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>
/// The table of methods.md §2 in single precision: random, near-equal and shifted logits, T from 1 to 1e5. The form
/// that everybody writes, p·(log p − log q) and q − p, is computed beside it in float32 and must fail, which is why the
/// kernels do not use it.
/// </summary>
public class TemperedKlNumericsTests
{
    public static TheoryData<int, double> Table
    {
        get
        {
            var data = new TheoryData<int, double>();
            foreach (int classes in new[] { 100, 1000, 32000 })
                foreach (double temperature in new[] { 1.0, 4, 20, 1000, 1e5 }) data.Add(classes, temperature);
            return data;
        }
    }

    [Theory, MemberData(nameof(Table))]
    public void Random_logits_keep_their_digits(int classes, double temperature)
    {
        double[] student = Values(classes, 1), teacher = Values(classes, 2);
        Check(classes, temperature, student, teacher, Tolerance.SingleLoss, Tolerance.SingleGradient);
    }

    [Theory, MemberData(nameof(Table))]
    public void Near_equal_logits_keep_their_digits(int classes, double temperature)
    {
        double[] student = Values(classes, 1);
        double[] teacher = Logits.Near(student, 1e-3, 2, KdElementType.Float32);
        Check(classes, temperature, student, teacher, Tolerance.SingleLossAnywhere, Tolerance.SingleGradientAnywhere);
    }

    [Theory, MemberData(nameof(Table))]
    public void Shifted_logits_keep_their_digits(int classes, double temperature)
    {
        double[] teacher = Values(classes, 1);
        double[] student = Logits.Round([.. Values(classes, 2).Select(v => v + 1000)], KdElementType.Float32);
        Check(classes, temperature, student, teacher, Tolerance.SingleLossAnywhere, Tolerance.SingleGradientAnywhere);

        // The same logits, shifted: what is left is the rounding of the shift, and the loss is that of the rounded
        // numbers.
        student = Logits.Round([.. teacher.Select(v => v + 1000)], KdElementType.Float32);
        Check(classes, temperature, student, teacher, Tolerance.SingleLossAnywhere, Tolerance.SingleGradientAnywhere);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(32000)]
    public void An_outlier_at_the_teachers_maximum_does_not_cost_digits(int classes)
    {
        foreach (double temperature in new[] { 4, 100, 1000, 1e5 })
        {
            double[] student = Values(classes, 1);
            double[] teacher = Logits.Near(student, 1e-3, 2, KdElementType.Float32);
            teacher[classes / 2] = 60;
            Check(
                classes, temperature, student, teacher, Tolerance.SingleLossAnywhere, Tolerance.SingleGradientAnywhere);
            student[classes / 3] = 60;
            Check(
                classes, temperature, student, teacher, Tolerance.SingleLossAnywhere, Tolerance.SingleGradientAnywhere);
        }
    }

    [Theory]
    [InlineData(1000.0, 0.02)]
    [InlineData(1e5, 10.0)]
    public void The_composite_loses_the_loss_at_large_temperatures(double temperature, double atLeast)
    {
        double[] student = Values(1000, 1), teacher = Values(1000, 2);
        double truth = Oracle(1000, temperature, student, teacher).Loss;
        double error = Math.Abs(Composite(1000, temperature, student, teacher).Loss - truth) / truth;
        Assert.True(error > atLeast, $"the composite is off by {error:E1} only");
    }

    [Fact]
    public void The_composite_loses_the_loss_of_a_student_near_its_teacher()
    {
        double[] student = Values(1000, 1), teacher = Logits.Near(student, 1e-3, 2, KdElementType.Float32);
        double truth = Oracle(1000, 4, student, teacher).Loss;
        double error = Math.Abs(Composite(1000, 4, student, teacher).Loss - truth) / truth;
        Assert.True(error > 0.5, $"the composite is off by {error:E1} only");
    }

    [Fact]
    public void The_composite_loses_the_gradient_too()
    {
        double[] student = Values(32000, 1), teacher = Values(32000, 2);
        TemperedKlOracleResult truth = Oracle(32000, 1e5, student, teacher);
        double[] gradient = Composite(32000, 1e5, student, teacher).Gradient;
        double largest = Tolerance.Largest(truth.StudentGradient, 32000, 0);
        double error = gradient.Zip(truth.StudentGradient, (a, e) => Math.Abs(a - e)).Max() / largest;
        Assert.True(error > 0.01, $"the composite is off by {error:E1} only");
    }

    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Channels)]
    public void Logits_far_apart_neither_overflow_nor_vanish(Layout layout)
    {
        // Truth by hand at T = 1: the teacher has all its mass where the student's logit is lower by 20000, and by
        // 297.6 net of the teacher's own spread.
        double[] high = [1e4, -1e4, 0, 2], low = [-1e4, 1e4, 0, -2];
        KlRun run = Run(layout, low, high);
        Tolerance.Check(20000, run.Loss[0], 1e-6, 20000, "1e4 against -1e4");
        run = Run(layout, [1, 300, 0, 2], [1, -300, 0, 2]);
        Tolerance.Check(297.6, run.Loss[0], 2e-4, 297.6, "300 against -300");
        run = Run(layout, [1, -300, 0, 2], [1, 300, 0, 2]);
        Tolerance.Check(302.40760596444438, run.Loss[0], 1e-6, 302.4, "-300 against 300");
        // The student's ratio runs away where the teacher has next to nothing.
        Run(layout, [0, 70, -90, 0], [0, -70, 90, 0]);
        Run(layout, [0, 100, 0, 0], [90, 0, 1, 0]);
        Run(layout, [0, -30, 1, 0.5], [0, -100, 1, 0.25]);
    }

    private static KlRun Run(Layout layout, double[] student, double[] teacher) => new KlRun
    {
        Outer = 1,
        Inner = 3,
        Classes = 4,
        Layout = layout,
        Temperature = 1,
        Reduction = KdReduction.None,
        Student = [.. student, .. student, .. student],
        Teacher = [.. teacher, .. teacher, .. teacher],
    }.Check();

    private static double[] Values(int classes, int seed) =>
        Logits.Random(1, classes, seed, KdElementType.Float32, outliers: false);

    private static void Check(
        int classes,
        double temperature,
        double[] student,
        double[] teacher,
        double lossTolerance,
        double gradientTolerance)
    {
        var run = new KlRun
        {
            Outer = 1,
            Classes = classes,
            Temperature = temperature,
            Student = student,
            Teacher = teacher,
        };
        run.Check(lossTolerance, gradientTolerance);
        if (classes > 1000) return;
        new KlRun
        {
            Outer = 1,
            Inner = 2,
            Classes = classes,
            Layout = Layout.Channels,
            Temperature = temperature,
            Student = [.. student, .. student],
            Teacher = [.. teacher, .. teacher],
        }.Check(lossTolerance, gradientTolerance);
    }

    private static TemperedKlOracleResult Oracle(int classes, double temperature, double[] student, double[] teacher) =>
        TemperedKlOracle.Compute(student, teacher, classes, temperature, OracleReduction.BatchMean);

    /// <summary>
    /// T²·Σ p(log p − log q) and T(q − p) from two float32 log-softmaxes, as composed torch operations do it.
    /// </summary>
    private static (double Loss, double[] Gradient) Composite(
        int classes, double temperature, double[] student, double[] teacher)
    {
        float[] logP = LogSoftmax(teacher, (float)temperature), logQ = LogSoftmax(student, (float)temperature);
        float sum = 0;
        var gradient = new double[classes];
        for (int c = 0; c < classes; c++)
        {
            float p = MathF.Exp(logP[c]);
            sum += p * (logP[c] - logQ[c]);
            gradient[c] = (float)temperature * (MathF.Exp(logQ[c]) - p);
        }

        return (temperature * temperature * sum, gradient);
    }

    private static float[] LogSoftmax(double[] values, float temperature)
    {
        float largest = (float)values.Max() / temperature, sum = 0;
        foreach (double v in values) sum += MathF.Exp(((float)v / temperature) - largest);
        float log = MathF.Log(sum);
        return [.. values.Select(v => ((float)v / temperature) - largest - log)];
    }
}
