namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences and closed forms.</summary>
public class SoftCrossEntropyOracleTests
{
    private static readonly double[] Weights = [1.5, 1, 0.5];

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(4)]
    public void The_gradient_matches_central_differences(double temperature)
    {
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            for (int options = 0; options < 8; options++)
            {
                double[] student = Differences.Values(1, 12), teacher = Differences.Values(2, 12);
                double[] upstream = Differences.Values(3, 4);
                double[]? weights = (options & 1) != 0 ? Weights : null;
                long[]? labels = (options & 2) != 0 ? [0, 7, 1, 2] : null;
                bool squared = (options & 4) != 0;
                SoftCrossEntropyOracleResult Run(double[] s) => SoftCrossEntropyOracle.Compute(
                    s, teacher, 3, temperature, reduction, squared, weights, labels, 7, upstream);
                Differences.Check(student, Run(student).StudentGradient, moved => reduction == OracleReduction.None
                    ? Differences.Dot(Run(moved).RowLosses, upstream)
                    : Run(moved).Loss * upstream[0]);
            }
        }
    }

    [Fact]
    public void Is_the_divergence_plus_the_teachers_entropy()
    {
        double[] student = Differences.Values(4, 9), teacher = Differences.Values(5, 9);
        double divergence = TemperedKlOracle.Compute(student, teacher, 3, 2, OracleReduction.Sum).Loss;
        double entropy = SoftmaxEntropyOracle.Compute(teacher, 3, 2, OracleReduction.Sum).Loss;
        double loss = SoftCrossEntropyOracle.Compute(student, teacher, 3, 2, OracleReduction.Sum).Loss;
        Assert.Equal(divergence + (4 * entropy), loss, 12);
    }

    [Fact]
    public void The_gradient_is_that_of_the_weighted_divergence()
    {
        double[] student = Differences.Values(6, 9), teacher = Differences.Values(7, 9);
        double[] expected = TemperedKlOracle.Compute(
            student, teacher, 3, 2, OracleReduction.Sum, classWeights: Weights).StudentGradient;
        double[] actual = SoftCrossEntropyOracle.Compute(
            student, teacher, 3, 2, OracleReduction.Sum, classWeights: Weights).StudentGradient;
        for (int i = 0; i < 9; i++) Assert.Equal(expected[i], actual[i], 14);
    }

    [Fact]
    public void Weights_are_inside_of_the_class_sum()
    {
        // methods.md §8: (q·Σ_c w_c p_c − w⊙p)/N, not w⊙(q − p).
        double[] student = [0.5, 1, -1], teacher = [2, 0, 1];
        double[] p = Softmax(teacher), q = Softmax(student);
        double mass = p.Zip(Weights, (a, w) => a * w).Sum();
        double[] gradient = SoftCrossEntropyOracle.Compute(
            student, teacher, 3, 1, OracleReduction.Sum, classWeights: Weights).StudentGradient;
        for (int c = 0; c < 3; c++)
        {
            Assert.Equal((q[c] * mass) - (Weights[c] * p[c]), gradient[c], 14);
            Assert.NotEqual(Weights[c] * (q[c] - p[c]), gradient[c], 2);
        }
    }

    [Fact]
    public void Uniform_students_pay_the_logarithm_of_the_number_of_classes()
    {
        Assert.Equal(
            9 * Math.Log(4),
            SoftCrossEntropyOracle.Compute([1, 1, 1, 1], [3, -1, 0, 2], 4, 3, OracleReduction.Sum).Loss,
            13);
    }

    [Fact]
    public void A_student_class_that_underflows_costs_its_distance()
    {
        // log(softmax) is −∞ at −800; the cross-entropy of a one-hot teacher there is 800.
        double loss = SoftCrossEntropyOracle.Compute([0, -800], [-1e4, 1e4], 2, 1, OracleReduction.Sum).Loss;
        Assert.Equal(800, loss, 11);
    }

    private static double[] Softmax(double[] z)
    {
        double[] e = [.. z.Select(Math.Exp)];
        return [.. e.Select(x => x / e.Sum())];
    }
}
