using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.TemperedKl;

public class TemperedKlGuardTests
{
    [Fact]
    public void Rejects_different_shapes() =>
        Refused<ArgumentException>("expected shape [32, 100], as student has, but got [32, 10]", () => Call(zeros(32, 100), zeros(32, 10)));

    [Fact]
    public void Rejects_different_dtypes() =>
        Refused<ArgumentException>("expected dtype Float32, as student has, but got Float64", () => Call(zeros(4, 3), zeros(4, 3, ScalarType.Float64)));

    [Fact]
    public void Rejects_a_vector() =>
        Refused<ArgumentException>("expected logits with a batch and a class dimension, [B, C], but got [3]", () => Call(zeros(3), zeros(3)));

    [Fact]
    public void Rejects_integers() =>
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 but got Int64",
            () => Call(zeros(4, 3, ScalarType.Int64), zeros(4, 3, ScalarType.Int64)));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void Rejects_an_impossible_temperature(double temperature) =>
        Refused<ArgumentOutOfRangeException>(
            $"expected a temperature in (0, ∞] but got {temperature}", () => Call(zeros(4, 3), zeros(4, 3), temperature));

    [Fact]
    public void Rejects_a_reduction_that_does_not_exist() =>
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            () => KdFunctional.TemperedKl(zeros(4, 3), zeros(4, 3), 1, (KdReduction)9));

    [Fact]
    public void Rejects_an_unnamed_class_dimension_of_images() =>
        Refused<ArgumentException>(
            "expected the class dimension to be named for logits [2, 3, 4, 5]: 1 for [N, C, H, W], -1 for [B, T, V]",
            () => Call(zeros(2, 3, 4, 5), zeros(2, 3, 4, 5)));

    [Fact]
    public void Rejects_weights_of_another_length() =>
        Refused<ArgumentException>(
            "expected one weight per class, shape [3], but got [4]",
            () => KdFunctional.TemperedKl(zeros(4, 3), zeros(4, 3), 1, KdReduction.Sum, classWeights: zeros(4)));

    [Fact]
    public void Rejects_weights_that_want_a_gradient() =>
        Refused<ArgumentException>(
            "expected class weights without a gradient",
            () => KdFunctional.TemperedKl(zeros(4, 3), zeros(4, 3), 1, KdReduction.Sum, classWeights: zeros(3).requires_grad_()));

    [Fact]
    public void Rejects_labels_of_another_shape() =>
        Refused<ArgumentException>(
            "expected one label per row, shape [4], but got [3]",
            () => KdFunctional.TemperedKl(zeros(4, 3), zeros(4, 3), 1, KdReduction.Sum, labels: zeros(3, ScalarType.Int64)));

    [Fact]
    public void Rejects_labels_that_are_no_integers() =>
        Refused<ArgumentException>(
            "expected labels of dtype Int64 but got Float32",
            () => KdFunctional.TemperedKl(zeros(4, 3), zeros(4, 3), 1, KdReduction.Sum, labels: zeros(4)));

    [Fact]
    public void Rejects_weights_at_infinite_temperature() =>
        Refused<ArgumentException>(
            "expected no class weights at temperature infinity",
            () => KdFunctional.TemperedKl(zeros(4, 3), zeros(4, 3), double.PositiveInfinity, KdReduction.Sum, classWeights: ones(3)));

    private static Tensor Call(Tensor student, Tensor teacher, double temperature = 4) =>
        KdFunctional.TemperedKl(student, teacher, temperature, KdReduction.BatchMean);

    private static void Refused<T>(string message, Func<Tensor> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
