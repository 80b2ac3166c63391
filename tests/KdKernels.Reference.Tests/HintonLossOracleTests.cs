namespace KdKernels.Reference.Tests;

public class HintonLossOracleTests
{
    private static readonly double[] Student = [1, -0.5, 2, 0.25, 0, 3, 3, -1, 0.5, 1, 1, -2];
    private static readonly double[] Teacher = [0, 1, 3, -1, 2, 1, 4, 0, 0, -1, 2, 1];

    [Fact]
    public void The_gradient_matches_central_differences()
    {
        foreach (double temperature in new[] { 1, 4, double.PositiveInfinity })
        {
            foreach (double alpha in new[] { 0, 0.3, 1 })
            {
                double[]? weights = double.IsPositiveInfinity(temperature) ? null : [1, 0.5, 2, 0];
                foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
                {
                    HintonLossOracleResult Run(double[] s) => HintonLossOracle.Compute(
                        s, Teacher, [2, -100, 1], 4, alpha, temperature, reduction, classWeights: weights);
                    double[] gradient = Run(Student).StudentGradient;
                    for (int i = 0; i < 12; i++)
                    {
                        double[] up = [.. Student], down = [.. Student];
                        up[i] += 1e-5;
                        down[i] -= 1e-5;
                        double difference = (Run(up).Loss - Run(down).Loss) / 2e-5;
                        Assert.True(
                            Math.Abs(difference - gradient[i]) < 1e-8, $"element {i}: {difference:R} against {gradient[i]:R}");
                    }
                }
            }
        }
    }

    [Fact]
    public void The_terms_are_the_textbook_ones()
    {
        HintonLossOracleResult r = HintonLossOracle.Compute(
            Student, Teacher, [2, 1, 3], 4, 0.25, 2, OracleReduction.BatchMean);
        double expected = 0;
        for (int row = 0; row < 3; row++)
        {
            double[] s = Student[(row * 4)..((row * 4) + 4)], t = Teacher[(row * 4)..((row * 4) + 4)];
            double[] q = Softmax(s, 2), p = Softmax(t, 2);
            double ce = -Math.Log(Softmax(s, 1)[new[] { 2, 1, 3 }[row]]);
            double kl = 4 * p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
            Assert.Equal(ce, r.CrossEntropies[row], 13);
            Assert.Equal(kl, r.Divergences[row], 13);
            Assert.Equal(-q.Sum(x => x * Math.Log(x)), r.StudentEntropies[row], 13);
            Assert.Equal(-p.Sum(x => x * Math.Log(x)), r.TeacherEntropies[row], 13);
            expected += ((0.75 * ce) + (0.25 * kl)) / 3;
        }

        Assert.Equal(expected, r.Loss, 13);
        Assert.Equal([true, true, false], r.Hits);
        Assert.Equal([true, false, false], r.Agreements);
    }

    [Fact]
    public void Entropies_survive_underflow_and_the_limit()
    {
        // The naive −Σ p log p is NaN here (methods.md §2).
        HintonLossOracleResult r = HintonLossOracle.Compute(
            [0, -800, -5], [0, -800, -5], [0], 3, 0.5, 1, OracleReduction.Sum);
        double rest = Math.Exp(-5);
        Assert.Equal(Math.Log(1 + rest) + (5 * rest / (1 + rest)), r.StudentEntropies[0], 14);
        r = HintonLossOracle.Compute(Student, Teacher, [0, 0, 0], 4, 0.5, double.PositiveInfinity, OracleReduction.Sum);
        Assert.All(r.TeacherEntropies, h => Assert.Equal(Math.Log(4), h, 14));
    }

    private static double[] Softmax(double[] z, double temperature)
    {
        double sum = z.Sum(x => Math.Exp(x / temperature));
        return [.. z.Select(x => Math.Exp(x / temperature) / sum)];
    }
}
