using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>DualBatchNorm against the oracle.</summary>
public class DualBatchNormTests
{
    [Theory]
    [InlineData(0, 4, 3, 5)]
    [InlineData(2, 3, 5, 1)]
    [InlineData(1, 37, 33, 1)]
    [InlineData(2, 2, 3, 17)]
    [InlineData(3, 2, 16, 64)]
    [InlineData(1, 1, 2, 5000)]
    [InlineData(2, 0, 3, 4)]
    [InlineData(2, 0, 3, 1)]
    [InlineData(1, 2, 3, 0)]
    public void Values_and_gradients_match_the_oracle(int tangents, int batch, int channels, int length) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
        {
            foreach (bool affine in new[] { true, false }) Run(tangents, batch, channels, length, type, affine);
        }
    });

    [Fact]
    public void A_mean_much_larger_than_the_deviations_costs_no_digits()
    {
        // x·(γ/σ) + (β − μγ/σ), the usual folding, rounds at the size of μ/σ.
        using GuardedTensor stack = GuardedTensor.Input(KdElementType.Float32, 1, 1, 4, Layout.Contiguous, [4096.25, 4096.5, 4095.5, 4096]);
        using GuardedTensor mean = Vector(KdElementType.Float32, [4096]), variance = Vector(KdElementType.Float32, [1e-4]);
        using var result = new GuardedTensor(KdElementType.Float32, 1, 1, 4, Layout.Contiguous);
        DualBatchNorm.Forward(stack.View, mean.View, variance.View, null, null, new(0, 0), result.View);
        double[] expected = [25, 50, -50, 0];
        for (int i = 0; i < 4; i++) Assert.Equal(expected[i], result[0, i], tolerance: 1e-5);
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        int before = KdCpu.Threads;
        try
        {
            byte[]? expected = null;
            foreach (int threads in new[] { 1, 2, 3 })
            {
                KdCpu.Threads = threads;
                byte[] actual = Run(2, 5, 30, 300, KdElementType.Float32, affine: true);
                Assert.Equal(expected ??= actual, actual);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        using var stack = new GuardedTensor(KdElementType.Float32, 4, 3, 5, Layout.Contiguous);
        using var sliced = new GuardedTensor(KdElementType.Float32, 4, 3, 5, Layout.Sliced);
        using GuardedTensor three = Vector(KdElementType.Float32, [1, 1, 1]), two = Vector(KdElementType.Float32, [1, 1]);
        Expect<ArgumentException>(
            "expected shape [1, 1, 3] but got [1, 1, 2]",
            () => DualBatchNorm.Forward(stack.View, two.View, three.View, null, null, new(1), stack.View));
        Expect<ArgumentException>(
            "expected shape [1, 1, 3] but got [1, 1, 2]",
            () => DualBatchNorm.Forward(stack.View, three.View, three.View, three.View, two.View, new(1), stack.View));
        Expect<ArgumentException>(
            "expected a stack of 1 + 2 blocks but got [4, 3, 5]",
            () => DualBatchNorm.Forward(stack.View, three.View, three.View, null, null, new(2), stack.View));
        Expect<ArgumentOutOfRangeException>(
            "expected 0 tangents or more but got -1",
            () => DualBatchNorm.Forward(stack.View, three.View, three.View, null, null, new(-1), stack.View));
        Expect<ArgumentOutOfRangeException>(
            "expected an epsilon in [0, 1e100] but got NaN",
            () => DualBatchNorm.Forward(stack.View, three.View, three.View, null, null, new(1, double.NaN), stack.View));
        Expect<ArgumentException>(
            "expected contiguous memory of shape [4, 3, 5]",
            () => DualBatchNorm.Forward(sliced.View, three.View, three.View, null, null, new(1), stack.View));
    }

    private static byte[] Run(int tangents, int batch, int channels, int length, KdElementType type, bool affine)
    {
        int samples = (1 + tangents) * batch;
        double[] values = Logits.Random(samples * channels, length, 1, type, outliers: length > 0);
        double[] upstream = Logits.Random(samples * channels, length, 2, type, outliers: length > 0);
        double[] means = Logits.Random(channels, 1, 3, type, outliers: false), variances = Logits.Weights(channels, 4, type);
        double[]? weights = affine ? Logits.Random(channels, 1, 5, type, outliers: false) : null;
        double[]? biases = affine ? Logits.Random(channels, 1, 6, type, outliers: false) : null;
        DualBatchNormOracleResult oracle = DualBatchNormOracle.Compute(
            values, tangents, Math.Max(length, 1), means, variances, weights, biases, 1e-3, upstream);

        using GuardedTensor stack = Input(values), g = Input(upstream);
        using GuardedTensor mean = Vector(type, means), variance = Vector(type, variances);
        using GuardedTensor weight = Vector(type, weights ?? means), bias = Vector(type, biases ?? means);
        using GuardedTensor result = Output(), byStack = Output(), again = Output();
        using GuardedTensor byWeight = Vector(type, null, channels), byBias = Vector(type, null, channels);
        var settings = new DualBatchNormSettings(tangents, 1e-3);
        RowsView? gamma = affine ? weight.View : null, beta = affine ? bias.View : null;
        DualBatchNorm.Forward(stack.View, mean.View, variance.View, gamma, beta, settings, result.View);
        DualBatchNorm.Backward(
            stack.View, mean.View, variance.View, gamma, settings, g.View, byStack.View, byWeight.View, byBias.View);
        DualBatchNorm.Backward(stack.View, mean.View, variance.View, gamma, settings, g.View, again.View, null, null);
        stack.AssertUntouched("stack");
        g.AssertUntouched("upstream");
        foreach (GuardedTensor output in new[] { result, byStack, again, byWeight, byBias }) output.AssertWritten("output");
        Assert.Equal(byStack.Bits(), again.Bits());

        double relative = type == KdElementType.Float32 ? 1e-6 : 1e-14;
        Check(oracle.Values, result, relative, _ => 10);
        Check(oracle.StackGradient, byStack, relative, _ => 0);
        // Sums are exact to the size of their terms.
        double[] normalised = DualBatchNormOracle.Compute(
            values, tangents, Math.Max(length, 1), means, variances, null, null, 1e-3).Values;
        Check(oracle.WeightGradient, byWeight, relative, c => SumOf(c, i => upstream[i] * normalised[i]));
        Check(oracle.BiasGradient, byBias, relative, c => SumOf(c, i => upstream[i]));
        return [.. result.Bits(), .. byStack.Bits(), .. byWeight.Bits(), .. byBias.Bits()];

        double SumOf(int channel, Func<int, double> term) => Enumerable.Range(0, values.Length)
            .Where(i => i / Math.Max(length, 1) % channels == channel).Sum(i => Math.Abs(term(i)));
        GuardedTensor Input(double[] data) =>
            GuardedTensor.Input(type, samples, channels, length, Layout.Contiguous, data);
        GuardedTensor Output() => new(type, samples, channels, length, Layout.Contiguous);
    }

    private static GuardedTensor Vector(KdElementType type, double[]? values, int length = 0) => values is null
        ? new GuardedTensor(type, 1, 1, length, Layout.Contiguous)
        : GuardedTensor.Input(type, 1, 1, values.Length, Layout.Contiguous, values);

    private static void Check(double[] expected, GuardedTensor actual, double relative, Func<int, double> scale)
    {
        double[] values = actual.ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < expected.Length; i++)
            Tolerance.Check(expected[i], values[i], relative, Math.Abs(expected[i]) + scale(i), $"element {i}");
    }

    private static void Expect<TException>(string message, Action call)
        where TException : Exception =>
        Assert.Contains(message, Assert.Throws<TException>(call).Message, StringComparison.Ordinal);
}
