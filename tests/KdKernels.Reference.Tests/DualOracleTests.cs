namespace KdKernels.Reference.Tests;

/// <summary>The oracles of the dual layers: tangents are derivatives of the primal, gradients match differences.</summary>
public class DualOracleTests
{
    [Fact]
    public void Relu_tangents_are_the_derivative_of_its_values()
    {
        double[] x = Differences.Values(1, 12), v = Differences.Values(2, 24);
        double[] tangents = DualReluOracle.Compute([.. x, .. v], 2).Values[12..];
        TangentsAreDerivatives(x, v, tangents, moved => DualReluOracle.Compute(moved, 0).Values);
    }

    [Fact]
    public void Relu_gradients_match_central_differences()
    {
        double[] stack = Differences.Values(3, 36), g = Differences.Values(4, 36);
        Differences.Check(
            stack,
            DualReluOracle.Compute(stack, 2, g).Gradient,
            moved => Differences.Dot(g, DualReluOracle.Compute(moved, 2).Values));
    }

    [Fact]
    public void Relu_is_zero_at_and_below_zero_and_nan_at_nan()
    {
        (double[] values, double[] gradient) = DualReluOracle.Compute([-1, 0, 2, double.NaN, 5, 6, 7, 8], 1);
        Assert.Equal([0, 0, 2, double.NaN, 0, 0, 7, double.NaN], values);
        Assert.Equal([0, 0, 1, double.NaN, 0, 0, 1, double.NaN], gradient);
    }

    public static TheoryData<string> Windows => ["plain", "overlapping", "padded", "dilated", "ceiling"];

    [Theory, MemberData(nameof(Windows))]
    public void Pooled_tangents_are_the_derivative_of_the_pooled_values(string name)
    {
        DualMaxPoolOracleWindow window = Window(name);
        double[] x = Differences.Values(5, 3 * 7 * 8), v = Differences.Values(6, 2 * 3 * 7 * 8);
        double[] values = DualMaxPoolOracle.Compute([.. x, .. v], window).Values;
        TangentsAreDerivatives(
            x, v, values[(values.Length / 3)..], moved => DualMaxPoolOracle.Compute(moved, window with { Tangents = 0 }).Values);
    }

    [Theory, MemberData(nameof(Windows))]
    public void Pooling_gradients_match_central_differences(string name)
    {
        DualMaxPoolOracleWindow window = Window(name) with { Tangents = 1 };
        double[] stack = Differences.Values(7, 2 * 2 * 7 * 8);
        double[] g = Differences.Values(8, DualMaxPoolOracle.Compute(stack, window).Values.Length);
        Differences.Check(
            stack,
            DualMaxPoolOracle.Compute(stack, window, g).Gradient,
            moved => Differences.Dot(g, DualMaxPoolOracle.Compute(moved, window).Values));
    }

    [Fact]
    public void Of_equal_maxima_the_first_counts_and_of_nans_the_last()
    {
        var window = new DualMaxPoolOracleWindow(1, 2, 2);
        Assert.Equal([3, 20], DualMaxPoolOracle.Compute([1, 3, 3, 3, 10, 20, 30, 40], window).Values);
        Assert.Equal([3, 10], DualMaxPoolOracle.Compute([3, 3, 3, 3, 10, 20, 30, 40], window).Values);
        Assert.Equal(
            [double.NaN, 30], DualMaxPoolOracle.Compute([1, double.NaN, double.NaN, 9, 10, 20, 30, 40], window).Values);
        double[] lowest = [.. Enumerable.Repeat(double.NegativeInfinity, 4)];
        Assert.Equal(
            [double.NegativeInfinity, 10], DualMaxPoolOracle.Compute([.. lowest, 10, 20, 30, 40], window).Values);
    }

    [Fact]
    public void Batch_norm_tangents_are_the_derivative_of_its_values()
    {
        double[] x = Differences.Values(9, 24), v = Differences.Values(10, 48);
        double[] values = BatchNorm([.. x, .. v], 2).Values;
        TangentsAreDerivatives(x, v, values[24..], moved => BatchNorm(moved, 0).Values);
    }

    [Fact]
    public void Batch_norm_gradients_match_central_differences()
    {
        double[] stack = Differences.Values(11, 72), g = Differences.Values(12, 72);
        DualBatchNormOracleResult r = BatchNorm(stack, 2, g);
        Differences.Check(stack, r.StackGradient, moved => Differences.Dot(g, BatchNorm(moved, 2).Values));
        Differences.Check(Weight, r.WeightGradient, moved => Differences.Dot(
            g, DualBatchNormOracle.Compute(stack, 2, 4, Mean, Variance, moved, Bias, 1e-5).Values));
        Differences.Check(Bias, r.BiasGradient, moved => Differences.Dot(
            g, DualBatchNormOracle.Compute(stack, 2, 4, Mean, Variance, Weight, moved, 1e-5).Values));
    }

    [Fact]
    public void Batch_norm_without_scale_and_shift_normalises_alone()
    {
        DualBatchNormOracleResult r = DualBatchNormOracle.Compute([5, 8], 1, 1, [1], [4], null, null, 0);
        Assert.Equal([2, 4], r.Values);
    }

    private static readonly double[] Mean = [0.5, -1, 2], Variance = [0.3, 2, 1], Weight = [1.5, -0.5, 2], Bias = [0.1, 0.2, -3];

    private static DualBatchNormOracleResult BatchNorm(double[] stack, int tangents, double[]? upstream = null) =>
        DualBatchNormOracle.Compute(stack, tangents, 4, Mean, Variance, Weight, Bias, 1e-5, upstream);

    private static DualMaxPoolOracleWindow Window(string name)
    {
        var window = new DualMaxPoolOracleWindow(2, 7, 8);
        return name switch
        {
            "overlapping" => window with { KernelHeight = 3, KernelWidth = 3, StrideHeight = 1 },
            "padded" => window with { KernelHeight = 3, KernelWidth = 3, PaddingHeight = 1, PaddingWidth = 1 },
            "dilated" => window with { DilationHeight = 2, DilationWidth = 3 },
            "ceiling" => window with { Ceiling = true },
            _ => window,
        };
    }

    private static void TangentsAreDerivatives(double[] x, double[] v, double[] tangents, Func<double[], double[]> value)
    {
        int outputs = value(x).Length;
        Assert.Equal(outputs * (v.Length / x.Length), tangents.Length);
        for (int k = 0; k < v.Length / x.Length; k++)
        {
            double[] Along(double h) => value([.. x.Select((a, i) => a + (h * v[(k * x.Length) + i]))]);
            double[] above = Along(1e-6), below = Along(-1e-6);
            for (int i = 0; i < outputs; i++)
                Assert.Equal((above[i] - below[i]) / 2e-6, tangents[(k * outputs) + i], tolerance: 1e-8);
        }
    }
}
