using KdKernels.Analysis.Statistics;

namespace KdKernels.Analysis.Tests.Statistics;

/// <summary>Correlations and their p-values against published ones and against independent formulas.</summary>
public sealed class CorrelationTests
{
    /// <summary>Points read off the figures of Wang et al. 2022: T.stddev in thousandths and the student's test loss of nine
    /// augmentations, with the Pearson coefficient that each figure prints.</summary>
    public static TheoryData<string, double[], double[], double, double> Published => new()
    {
        {
            "WRN-40-2/16-2, CIFAR-100",
            [5.473, 5.471, 5.410, 5.255, 5.110, 4.988, 4.719, 4.400, 4.154],
            [1.098, 1.077, 1.084, 1.056, 1.031, 1.049, 1.028, 1.005, 0.975], 0.9581, 0.0006
        },
        {
            "ResNet-56/20, CIFAR-100",
            [5.248, 5.232, 5.121, 4.983, 4.904, 4.719, 4.443, 4.039, 3.788],
            [1.178, 1.167, 1.176, 1.169, 1.148, 1.162, 1.144, 1.127, 1.092], 0.9404, 0.0006
        },
        {
            "VGG-13/8, CIFAR-100",
            [5.519, 5.516, 5.457, 5.295, 5.176, 5.075, 4.665, 4.300, 4.042],
            [1.186, 1.175, 1.154, 1.128, 1.127, 1.119, 1.086, 1.061, 0.998], 0.9742, 0.0006
        },
        {
            "ResNet-50/VGG-8, CIFAR-100",
            [5.530, 5.532, 5.494, 5.370, 5.248, 5.083, 4.870, 4.656, 4.397],
            [1.242, 1.211, 1.198, 1.193, 1.144, 1.119, 1.116, 1.085, 1.007], 0.9697, 0.0006
        },
        {
            "WRN-40-2/16-2, Tiny-ImageNet",
            [3.482, 3.473, 3.385, 3.305, 2.953, 2.999, 2.921, 2.609, 2.386],
            [1.768, 1.757, 1.760, 1.759, 1.736, 1.728, 1.730, 1.699, 1.685], 0.9831, 0.0006
        },
        {
            // Losses that differ by 0.09 in all: half a digit of one point moves this coefficient by 0.003.
            "ResNet-56/20, Tiny-ImageNet",
            [2.994, 2.978, 2.893, 2.845, 2.610, 2.593, 2.494, 2.148, 1.972],
            [1.946, 1.935, 1.934, 1.937, 1.957, 1.920, 1.914, 1.899, 1.882], 0.8484, 0.0035
        },
        {
            "VGG-13/8, Tiny-ImageNet",
            [3.873, 3.873, 3.808, 3.734, 3.284, 3.388, 3.173, 2.905, 2.681],
            [1.838, 1.838, 1.835, 1.793, 1.731, 1.776, 1.726, 1.656, 1.624], 0.9870, 0.0006
        },
        {
            "ResNet-50/VGG-8, Tiny-ImageNet",
            [3.903, 3.901, 3.860, 3.773, 3.332, 3.413, 3.373, 3.197, 2.948],
            [1.977, 1.967, 1.925, 1.909, 1.775, 1.828, 1.823, 1.729, 1.672], 0.9879, 0.0006
        },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void Agrees_with_the_printed_coefficients_to_the_digits_of_the_points(
        string figure, double[] deviations, double[] losses, double printed, double tolerance)
    {
        Correlation correlation = Correlation.Pearson(deviations, losses);
        Assert.True(Math.Abs(correlation.Value - printed) <= tolerance, $"{figure}: {correlation.Value} for {printed}");
        Assert.Equal(9, correlation.N);
        Assert.InRange(correlation.P, 1e-7, 0.005);
    }

    [Fact]
    public void Agrees_with_values_of_scipys_documentation()
    {
        Correlation pearson = Correlation.Pearson([1, 2, 3, 4, 5, 6, 7], [10, 9, 2.5, 6, 4, 3, 2]);
        Assert.Equal(-0.828503883588428, pearson.Value, 12);
        Assert.Equal(0.021280260007523286, pearson.P, 12);

        // Scipy's p-value for this ρ is Student's, 0.0886; 16 of the 120 orders are as far from 0.
        Correlation spearman = Correlation.Spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]);
        Assert.Equal(0.8207826816681233, spearman.Value, 12);
        Assert.Equal(16 / 120.0, spearman.P, 12);
    }

    [Theory]
    [InlineData(0.5, 3, 0.6666666666666666)]
    [InlineData(0.3, 20, 0.19875771734455394)]
    [InlineData(0.05, 12, 0.8773623594965341)]
    [InlineData(0.9, 5, 0.03738607346849857)]
    [InlineData(-0.62, 31, 0.00019916984759665258)]
    public void Has_students_p_value(double r, int n, double expected)
    {
        // Integrals of the density by Simpson's rule.
        Assert.Equal(expected, IncompleteBeta.Regularised(1 - r * r, (n - 2) / 2.0, 0.5), 10);
        (double[] x, double[] y) = SeriesOf(r, n);
        Correlation correlation = Correlation.Pearson(x, y);
        Assert.Equal(r, correlation.Value, 10);
        Assert.Equal(expected, correlation.P, 9);
    }

    [Fact]
    public void The_incomplete_beta_function_has_its_closed_forms()
    {
        foreach (double x in (double[])[0.001, 0.2, 0.5, 0.77, 0.999])
        {
            Assert.Equal(x, IncompleteBeta.Regularised(x, 1, 1), 13);
            Assert.Equal(x * x * (3 - 2 * x), IncompleteBeta.Regularised(x, 2, 2), 13);
            Assert.Equal(2 / Math.PI * Math.Asin(Math.Sqrt(x)), IncompleteBeta.Regularised(x, 0.5, 0.5), 12);
            Assert.Equal(1, IncompleteBeta.Regularised(x, 40, 3) + IncompleteBeta.Regularised(1 - x, 3, 40), 12);
        }

        double factorial = 0;
        for (int n = 1; n < 40; n++)
        {
            Assert.Equal(factorial, IncompleteBeta.LogGamma(n), 11);
            factorial += Math.Log(n);
        }

        Assert.Equal(0.5 * Math.Log(Math.PI), IncompleteBeta.LogGamma(0.5), 13);
    }

    [Fact]
    public void Ties_share_the_mean_of_their_ranks_and_the_p_value_counts_all_orders()
    {
        // 58 of 5040, counted by a program of its own.
        Correlation spearman = Correlation.Spearman([1, 2, 2, 4, 5, 6, 7], [2, 1, 3, 3, 5, 4, 9]);
        Assert.Equal(0.8818181818181818, spearman.Value, 12);
        Assert.Equal(58 / 5040.0, spearman.P, 12);
        Assert.Equal([2, 5, 5, 8], Ranks.Doubled([1.5, 3, 3, 9]));
    }

    [Fact]
    public void Nine_pairs_are_exact_and_ten_are_students()
    {
        // Only two of 9! orders are as far from 0 as a perfect one.
        double[] nine = [.. Enumerable.Range(0, 9).Select(i => (double)i)];
        Assert.Equal(2 / 362_880.0, Correlation.Spearman(nine, [.. nine.Reverse()]).P, 15);
        Correlation ten = Correlation.Spearman(
            [106, 100, 86, 101, 99, 103, 97, 113, 112, 110], [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]);
        Assert.Equal(-0.17575757575757575, ten.Value, 12);
        Assert.Equal(0.6271883447764915, ten.P, 10);
    }

    [Fact]
    public void Extremes_and_refusals()
    {
        Assert.Equal(new Correlation(1, 0, 3), Correlation.Pearson([1, 2, 3], [2, 4, 6]));
        Assert.Equal(new Correlation(-1, 1, 2), Correlation.Pearson([1, 2], [5, 4]));
        Assert.Equal(1, Correlation.Pearson([-1, 0, 1], [1, -2, 1]).P, 12);
        Assert.Contains("expected as many y as x, 3, but got 2", Refusal([1, 2, 3], [1, 2]), StringComparison.Ordinal);
        Assert.Contains("at least 2 pairs but got 1", Refusal([1], [1]), StringComparison.Ordinal);
        Assert.Contains("numbers that differ but got 4 3 times", Refusal([1, 2, 3], [4, 4, 4]), StringComparison.Ordinal);
        Assert.Contains("finite", Refusal([1, double.NaN, 3], [4, 5, 6]), StringComparison.Ordinal);
    }

    private static string Refusal(double[] x, double[] y)
    {
        string message = Assert.Throws<ArgumentException>(() => Correlation.Pearson(x, y)).Message;
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => Correlation.Spearman(x, y)).Message);
        return message;
    }

    /// <summary>Two series of a given coefficient: r of the first and the rest of what is orthogonal to it.</summary>
    private static (double[] X, double[] Y) SeriesOf(double r, int n)
    {
        double[] x = [.. Enumerable.Range(0, n).Select(i => i - (n - 1) / 2.0)];
        double[] squares = [.. x.Select(value => value * value)];
        double mean = squares.Average();
        double[] other = [.. squares.Select(value => value - mean)];
        double scale = Math.Sqrt(x.Sum(value => value * value) / other.Sum(value => value * value));
        return (x, [.. x.Zip(other, (own, across) => r * own + Math.Sqrt(1 - r * r) * scale * across)]);
    }
}
