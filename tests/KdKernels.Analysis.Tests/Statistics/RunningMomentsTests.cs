using KdKernels.Analysis.Statistics;
using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Tests.Statistics;

/// <summary>Streaming moments against sums over everything at once.</summary>
public sealed class RunningMomentsTests
{
    private const uint Purpose = 0x74657374;

    [Theory]
    [InlineData(0)]
    [InlineData(1e8)]
    public void Welford_is_the_two_pass_formula(double offset)
    {
        using DisposeScope scope = NewDisposeScope();
        double[][] vectors = Vectors(count: 37, size: 5, offset);
        using var moments = new RunningMoments();
        foreach (double[] vector in vectors)
        {
            moments.Add(tensor(vector));
        }

        double[] mean = moments.Mean().data<double>().ToArray();
        double[] variance = moments.Variance().data<double>().ToArray();
        for (int k = 0; k < 5; k++)
        {
            double expected = vectors.Average(vector => vector[k] - offset);
            double squares = vectors.Sum(vector => Math.Pow(vector[k] - offset - expected, 2));
            Assert.Equal(expected, mean[k] - offset, offset == 0 ? 1e-14 : 1e-7);
            Assert.Equal(1, variance[k] / (squares / 36), 1e-7 * (offset == 0 ? 1e-6 : 1));
        }
    }

    [Fact]
    public void Chunks_give_the_covariance_of_all_rows_however_they_are_cut()
    {
        using DisposeScope scope = NewDisposeScope();
        double[][] rows = Vectors(count: 30, size: 3, offset: 5);
        double[] flat = [.. rows.SelectMany(row => row)];
        foreach (int chunk in (int[])[1, 7, 30])
        {
            using var covariance = new RunningCovariance();
            for (int start = 0; start < rows.Length; start += chunk)
            {
                int end = Math.Min(rows.Length, start + chunk);
                covariance.Add(tensor(flat[(3 * start)..(3 * end)], [end - start, 3]));
            }

            double[] actual = covariance.Covariance().data<double>().ToArray();
            for (int i = 0; i < 9; i++)
            {
                (int left, int right) = (i / 3, i % 3);
                (double first, double second) = (rows.Average(row => row[left]), rows.Average(row => row[right]));
                double expected = rows.Sum(row => (row[left] - first) * (row[right] - second)) / 29;
                Assert.Equal(expected, actual[i], 12);
            }
        }
    }

    [Fact]
    public void Refuse_too_few_and_other_shapes()
    {
        using DisposeScope scope = NewDisposeScope();
        using var moments = new RunningMoments();
        Assert.Throws<InvalidOperationException>(() => moments.Mean());
        moments.Add(zeros([3]));
        Assert.Throws<InvalidOperationException>(() => moments.Variance());
        Assert.Contains(
            "expected shape [3] but got [4]",
            Assert.Throws<ArgumentException>(() => moments.Add(zeros([4]))).Message,
            StringComparison.Ordinal);
        using var covariance = new RunningCovariance();
        Assert.Throws<ArgumentException>(() => covariance.Add(zeros([3])));
        covariance.Add(zeros([1, 2]));
        Assert.Throws<InvalidOperationException>(() => covariance.Covariance());
    }

    private static double[][] Vectors(int count, int size, double offset)
    {
        var random = new PhiloxSequence(1, Purpose);
        double[][] vectors = new double[count][];
        for (int i = 0; i < count; i++)
        {
            vectors[i] = new double[size];
            for (int k = 0; k < size; k++)
            {
                // Components depend on each other, or a covariance of 0 would do.
                vectors[i][k] = offset + (k + 1) * random.NextDouble() + (k == 0 ? 0 : 0.5 * (vectors[i][k - 1] - offset));
            }
        }

        return vectors;
    }
}
