using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.SoftmaxEntropy;

public class SoftmaxEntropyGuardTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Rejects_an_impossible_temperature(double temperature)
    {
        string message = $"expected a temperature in (0, ∞) but got {temperature}";
        Refused<ArgumentOutOfRangeException>(message, () => KdFunctional.SoftmaxEntropy(zeros(4, 3), temperature, KdReduction.Sum));
        Refused<ArgumentOutOfRangeException>(message, () => new SoftmaxEntropyLoss(temperature, KdReduction.Sum));
    }

    [Fact]
    public void Rejects_a_reduction_that_does_not_exist() =>
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9", () => KdFunctional.SoftmaxEntropy(zeros(4, 3), 1, (KdReduction)9));

    [Fact]
    public void Rejects_a_vector() =>
        Refused<ArgumentException>(
            "expected logits with a batch and a class dimension, [B, C], but got [3]",
            () => KdFunctional.SoftmaxEntropy(zeros(3), 1, KdReduction.Sum));

    [Fact]
    public void Rejects_an_unnamed_class_dimension_of_images() =>
        Refused<ArgumentException>(
            "expected the class dimension to be named for logits [2, 3, 4, 5]",
            () => KdFunctional.SoftmaxEntropy(zeros(2, 3, 4, 5), 1, KdReduction.Sum));

    [Fact]
    public void Rejects_a_dimension_that_is_not_there() =>
        Refused<ArgumentOutOfRangeException>(
            "expected a dimension in [-2, 1] but got 2", () => KdFunctional.SoftmaxEntropy(zeros(4, 3), 1, KdReduction.Sum, dim: 2));

    [Fact]
    public void Rejects_integers() =>
        Refused<NotSupportedException>(
            "expected logits of dtype float32 or float64 but got Int64",
            () => KdFunctional.SoftmaxEntropy(zeros(4, 3, ScalarType.Int64), 1, KdReduction.Sum));

    private static void Refused<T>(string message, Func<object> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
