namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences and closed forms.</summary>
public class SoftmaxJvpOracleTests
{
    private const double Infinity = double.PositiveInfinity;

    [Theory]
    [InlineData(0.5, false)]
    [InlineData(4, false)]
    [InlineData(0.5, true)]
    [InlineData(4, true)]
    public void Values_are_the_derivative_of_the_softmax_along_the_tangents(double temperature, bool ofLogarithm)
    {
        double[] z = Differences.Values(1, 5), v = Differences.Values(2, 15);
        double[] jvp = SoftmaxJvpOracle.Compute(z, v, 5, 3, temperature, ofLogarithm).Values;
        for (int k = 0; k < 3; k++)
        {
            for (int c = 0; c < 5; c++)
            {
                int at = (k * 5) + c;
                double Along(double h) => Softmax([.. z.Select((x, i) => x + (h * v[(k * 5) + i]))], temperature, ofLogarithm)[c];
                const double Step = 1e-3;
                double slope = ((8 * (Along(Step) - Along(-Step))) - (Along(2 * Step) - Along(-2 * Step))) / (12 * Step);
                Assert.True(Math.Abs(slope - jvp[at]) <= 1e-8, $"tangent {k}, class {c}: {slope:R} against {jvp[at]:R}");
            }
        }
    }

    [Theory]
    [InlineData(0.5, false)]
    [InlineData(4, false)]
    [InlineData(0.5, true)]
    [InlineData(4, true)]
    public void Gradients_match_central_differences(double temperature, bool ofLogarithm)
    {
        double[] z = Differences.Values(3, 10), v = Differences.Values(4, 30), g = Differences.Values(5, 30);
        SoftmaxJvpOracleResult r = SoftmaxJvpOracle.Compute(z, v, 5, 3, temperature, ofLogarithm, g);
        Differences.Check(z, r.LogitsGradient, moved => Differences.Dot(
            g, SoftmaxJvpOracle.Compute(moved, v, 5, 3, temperature, ofLogarithm).Values));
        Differences.Check(v, r.TangentsGradient, moved => Differences.Dot(
            g, SoftmaxJvpOracle.Compute(z, moved, 5, 3, temperature, ofLogarithm).Values));
    }

    [Fact]
    public void The_jacobian_is_symmetric_so_that_forward_and_backward_are_one_product()
    {
        // Unit tangents give the columns of J = (diag p − p pᵀ) / T.
        double[] z = Differences.Values(6, 4);
        double[] unit = [.. Enumerable.Range(0, 16).Select(i => i / 4 == i % 4 ? 1.0 : 0)];
        double[] p = Softmax(z, 2, ofLogarithm: false);
        double[] j = SoftmaxJvpOracle.Compute(z, unit, 4, 4, 2, ofLogarithm: false).Values;
        for (int i = 0; i < 16; i++)
        {
            Assert.Equal(((i / 4 == i % 4 ? p[i % 4] : 0) - (p[i / 4] * p[i % 4])) / 2, j[i], 15);
            Assert.Equal(j[i], j[(i % 4 * 4) + (i / 4)], 15);
        }
    }

    [Fact]
    public void A_constant_tangent_changes_nothing_however_large()
    {
        double[] z = Differences.Values(7, 6), v = [.. Enumerable.Repeat(1e8, 6)];
        Assert.All(SoftmaxJvpOracle.Compute(z, v, 6, 1, 1, ofLogarithm: false).Values, x => Assert.Equal(0, x));
        Assert.All(SoftmaxJvpOracle.Compute(z, v, 6, 1, 1, ofLogarithm: true).Values, x => Assert.Equal(0, x));
    }

    [Fact]
    public void Excluded_classes_contribute_nothing_whatever_their_tangent()
    {
        double[] z = [1, -Infinity, 2], g = [0.3, 0, -1];
        SoftmaxJvpOracleResult r = SoftmaxJvpOracle.Compute(z, [0.5, 1e9, -1], 3, 1, 2, ofLogarithm: false, g);
        SoftmaxJvpOracleResult without = SoftmaxJvpOracle.Compute([1, 2], [0.5, -1], 2, 1, 2, ofLogarithm: false, [0.3, -1]);
        Assert.Equal([without.Values[0], 0, without.Values[1]], r.Values);
        Assert.Equal([without.LogitsGradient[0], 0, without.LogitsGradient[1]], r.LogitsGradient);
        Assert.Equal(0, r.TangentsGradient[1]);
    }

    [Fact]
    public void A_row_without_a_distribution_is_nan_alone()
    {
        foreach (double[] poison in new double[][] { [-Infinity, -Infinity], [0, double.NaN], [Infinity, 0] })
        {
            SoftmaxJvpOracleResult r = SoftmaxJvpOracle.Compute([.. poison, 1, 2], [1, 2, 3, 5], 2, 1, 1, ofLogarithm: false);
            Assert.All(r.Values[..2].Concat(r.LogitsGradient[..2]), x => Assert.Equal(double.NaN, x));
            Assert.All(r.Values[2..].Concat(r.LogitsGradient[2..]), x => Assert.True(double.IsFinite(x)));
        }
    }

    [Fact]
    public void A_nan_in_a_tangent_leaves_the_other_tangents_alone()
    {
        SoftmaxJvpOracleResult r = SoftmaxJvpOracle.Compute([1, 2], [double.NaN, 1, 2, 3], 2, 2, 1, ofLogarithm: false);
        Assert.All(r.Values[..2], x => Assert.Equal(double.NaN, x));
        Assert.All(r.Values[2..], x => Assert.True(double.IsFinite(x)));
        Assert.All(r.LogitsGradient, x => Assert.Equal(double.NaN, x));
    }

    private static double[] Softmax(double[] z, double temperature, bool ofLogarithm)
    {
        double[] p = [.. z.Select(x => Math.Exp(x / temperature))];
        double norm = p.Sum();
        return [.. p.Select(x => ofLogarithm ? Math.Log(x / norm) : x / norm)];
    }
}
