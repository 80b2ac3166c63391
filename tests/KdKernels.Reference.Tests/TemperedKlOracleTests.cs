namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences, closed forms and the textbook sum.</summary>
public class TemperedKlOracleTests
{
    private static readonly double[] Temperatures = [0.5, 1, 4, 50, double.PositiveInfinity];

    [Fact]
    public void Gradients_match_central_differences()
    {
        foreach (double temperature in Temperatures)
        {
            foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
            {
                for (int options = 0; options < 8; options++)
                {
                    bool limit = double.IsPositiveInfinity(temperature);
                    double[]? weights = (options & 1) == 0 || limit ? null : [0.5, 2, 0, 1, 0.25];
                    long[]? labels = (options & 2) == 0 ? null : [1, -100, 0];
                    bool squared = (options & 4) == 0 || limit;
                    double[] student = Values(1), teacher = Values(2);
                    TemperedKlOracleResult Run(double[] s, double[] t) =>
                        TemperedKlOracle.Compute(s, t, 5, temperature, reduction, squared, weights, labels);
                    TemperedKlOracleResult result = Run(student, teacher);
                    Check(student, x => Run(x, teacher).Loss, result.StudentGradient);
                    Check(teacher, x => Run(student, x).Loss, result.TeacherGradient);
                }
            }
        }
    }

    [Fact]
    public void Upstream_multiplies_the_gradient_of_each_row()
    {
        double[] upstream = [2, -1, 0.5];
        TemperedKlOracleResult one = TemperedKlOracle.Compute(Values(1), Values(2), 5, 3, OracleReduction.None);
        TemperedKlOracleResult scaled = TemperedKlOracle.Compute(
            Values(1), Values(2), 5, 3, OracleReduction.None, upstream: upstream);
        for (int i = 0; i < 15; i++)
            Assert.Equal(one.StudentGradient[i] * upstream[i / 5], scaled.StudentGradient[i], 14);
    }

    [Fact]
    public void Matches_the_textbook_sum()
    {
        double[] s = Values(1)[..5], t = Values(2)[..5];
        double sum = 0, zs = s.Sum(x => Math.Exp(x / 3)), zt = t.Sum(x => Math.Exp(x / 3));
        for (int c = 0; c < 5; c++)
        {
            double p = Math.Exp(t[c] / 3) / zt, q = Math.Exp(s[c] / 3) / zs;
            sum += 9 * p * Math.Log(p / q);
        }

        Assert.Equal(sum, TemperedKlOracle.Compute(s, t, 5, 3, OracleReduction.Sum).Loss, 12);
    }

    [Fact]
    public void Two_classes_by_hand()
    {
        TemperedKlOracleResult r = TemperedKlOracle.Compute([0, 0], [2 * Math.Log(3), 0], 2, 2, OracleReduction.Sum);
        Assert.Equal(4 * ((0.75 * Math.Log(1.5)) + (0.25 * Math.Log(0.5))), r.Loss, 14);
        Assert.Equal(-0.5, r.StudentGradient[0], 14);
    }

    [Fact]
    public void A_uniform_student_costs_the_teachers_missing_entropy()
    {
        double[] teacher = Values(2)[..5];
        double z = teacher.Sum(Math.Exp), entropy = -teacher.Sum(t => Math.Exp(t) / z * Math.Log(Math.Exp(t) / z));
        double loss = TemperedKlOracle.Compute(new double[5], teacher, 5, 1, OracleReduction.Sum).Loss;
        Assert.Equal(Math.Log(5) - entropy, loss, 13);
    }

    [Fact]
    public void Equal_logits_give_exactly_zero()
    {
        foreach (double temperature in Temperatures)
        {
            TemperedKlOracleResult r = TemperedKlOracle.Compute(
                Values(1), Values(1), 5, temperature, OracleReduction.Sum);
            Assert.Equal(0, r.Loss);
            Assert.All(r.StudentGradient, g => Assert.Equal(0, g));
        }
    }

    [Theory]
    [InlineData(1e3)]
    [InlineData(1e5)]
    [InlineData(1e9)]
    [InlineData(1e15)]
    public void Large_temperatures_approach_the_limit_as_one_over_T(double temperature)
    {
        TemperedKlOracleResult limit = TemperedKlOracle.Compute(
            Values(1), Values(2), 5, double.PositiveInfinity, OracleReduction.Sum);
        TemperedKlOracleResult warm = TemperedKlOracle.Compute(
            Values(1), Values(2), 5, temperature, OracleReduction.Sum);
        double allowed = (20 / temperature) + 1e-13;
        Assert.True(Math.Abs(warm.Loss - limit.Loss) <= allowed * limit.Loss, $"{warm.Loss:R} against {limit.Loss:R}");
        for (int i = 0; i < 15; i++)
            Assert.True(Math.Abs(warm.StudentGradient[i] - limit.StudentGradient[i]) <= allowed * 5);
    }

    [Fact]
    public void A_tiny_difference_gives_half_its_variance()
    {
        // To second order KL is Var_p(Δ)/2, whatever the logits: what Σ p(log p − log q) loses in double already.
        double[] s = Values(1)[..5], d = [1e-9, -2e-9, 0, 3e-9, -1e-9], t = [.. s.Zip(d, (a, b) => a + b)];
        double[] exact = [.. t.Zip(s, (a, b) => a - b)];
        double z = t.Sum(Math.Exp), mean = 0, variance = 0;
        for (int c = 0; c < 5; c++) mean += Math.Exp(t[c]) / z * exact[c];
        for (int c = 0; c < 5; c++) variance += Math.Exp(t[c]) / z * Math.Pow(exact[c] - mean, 2);
        double loss = TemperedKlOracle.Compute(s, t, 5, 1, OracleReduction.Sum).Loss;
        Assert.True(Math.Abs(loss - (variance / 2)) <= 1e-7 * loss, $"{loss:R} against {variance / 2:R}");
    }

    [Fact]
    public void Excluded_classes_count_as_stated()
    {
        double infinity = double.PositiveInfinity;
        double Loss(double[] s, double[] t) => TemperedKlOracle.Compute(s, t, 3, 1, OracleReduction.Sum).Loss;
        // Both without class 1: two classes are left.
        Assert.Equal(
            TemperedKlOracle.Compute(
                [1, 2], [2, 0], 2, 1, OracleReduction.Sum).Loss, Loss([1, -infinity, 2], [2, -infinity, 0]), 14);
        // Only the teacher without it: the student's mass there is missing elsewhere.
        double q = Math.Exp(1) + Math.Exp(5) + Math.Exp(2), p = Math.Exp(2) + 1, p0 = Math.Exp(2) / p;
        double expected = (p0 * Math.Log(p0 / (Math.Exp(1) / q))) + ((1 - p0) * Math.Log((1 - p0) / (Math.Exp(2) / q)));
        Assert.Equal(expected, Loss([1, 5, 2], [2, -infinity, 0]), 13);
        Assert.Equal(infinity, Loss([1, -infinity, 2], [2, 0, 0]));
        Assert.Equal(double.NaN, Loss([-infinity, -infinity, -infinity], [2, 0, 0]));
        Assert.Equal(double.NaN, Loss([2, 0, 0], [-infinity, -infinity, -infinity]));
        Assert.Equal(double.NaN, Loss([2, double.NaN, 0], [1, 1, 1]));
    }

    [Fact]
    public void Reductions_divide_by_what_they_say()
    {
        long[] labels = [0, -100, 1];
        double Loss(OracleReduction reduction) =>
            TemperedKlOracle.Compute(Values(1), Values(2), 5, 2, reduction, labels: labels).Loss;
        Assert.Equal(Loss(OracleReduction.Sum) / 2, Loss(OracleReduction.BatchMean), 14);
        Assert.Equal(Loss(OracleReduction.Sum) / 10, Loss(OracleReduction.Mean), 14);
    }

    private static double[] Values(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 15).Select(_ => 4 * (random.NextDouble() - 0.5))];
    }

    private static void Check(double[] x, Func<double[], double> loss, double[] gradient)
    {
        const double Step = 1e-4;
        for (int i = 0; i < x.Length; i++)
        {
            double At(double h)
            {
                var moved = (double[])x.Clone();
                moved[i] += h;
                return loss(moved);
            }

            // Richardson: the error of the central difference is of fourth order in the step.
            double difference = ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
            double allowed = 1e-7 + (1e-5 * Math.Abs(gradient[i]));
            Assert.True(
                Math.Abs(difference - gradient[i]) <= allowed, $"element {i}: {difference:R} against {gradient[i]:R}");
        }
    }
}
