using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.SoftmaxJvp;

public class SoftmaxJvpGuardTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Rejects_an_impossible_temperature(double temperature)
    {
        string message = $"expected a temperature in (0, ∞) but got {temperature}";
        Refused<ArgumentOutOfRangeException>(message, () => KdFunctional.SoftmaxJvp(zeros(4, 3), zeros(4, 3), temperature));
        Refused<ArgumentOutOfRangeException>(message, () => new KdKernels.SoftmaxJvp(temperature));
    }

    [Fact]
    public void Rejects_a_function_that_does_not_exist() =>
        Refused<ArgumentOutOfRangeException>(
            "expected Softmax or LogSoftmax but got 9", () => KdFunctional.SoftmaxJvp(zeros(4, 3), zeros(4, 3), 1, (SoftmaxForm)9));

    [Fact]
    public void Rejects_shapes_that_do_not_fit()
    {
        Refused<ArgumentException>(
            "expected logits of shape [B, C] but got [3]", () => KdFunctional.SoftmaxJvp(zeros(3), zeros(4, 3), 1));
        foreach (var tangents in new[] { zeros(4, 2), zeros(3, 2, 3), zeros(3), zeros(4, 1, 2, 3) })
        {
            Refused<ArgumentException>(
                $"expected tangents of shape [4, K, 3] or [4, 3] but got [{string.Join(", ", tangents.shape)}]",
                () => KdFunctional.SoftmaxJvp(zeros(4, 3), tangents, 1));
        }
    }

    [Fact]
    public void Rejects_dtypes_that_do_not_fit()
    {
        Refused<NotSupportedException>(
            "expected logits of dtype float32 or float64 but got Int64",
            () => KdFunctional.SoftmaxJvp(zeros(4, 3, ScalarType.Int64), zeros(4, 3), 1));
        Refused<NotSupportedException>(
            "expected tangents of dtype float32 or float64 on cpu but got BFloat16, which only cuda computes",
            () => KdFunctional.SoftmaxJvp(zeros(4, 3), zeros(4, 3, ScalarType.BFloat16), 1));
        Refused<ArgumentException>(
            "expected dtype Float32, as logits has, but got Float64",
            () => KdFunctional.SoftmaxJvp(zeros(4, 3), zeros(4, 3, ScalarType.Float64), 1));
    }

    private static void Refused<T>(string message, Func<object> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
