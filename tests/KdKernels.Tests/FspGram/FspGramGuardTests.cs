using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.FspGram;

public class FspGramGuardTests
{
    [Fact]
    public void Names_the_layer_whose_channels_do_not_agree() =>
        Refused<ArgumentException>(
            "expected 4 channels, as student2 has, but got [2, 5, 3, 3]; FSP compares channel by channel",
            () => KdFunctional.FspLoss(rand(2, 3, 3, 3), rand(2, 4, 3, 3), rand(2, 3, 3, 3), rand(2, 5, 3, 3), KdReduction.Sum));

    [Fact]
    public void Refuses_a_teacher_that_requires_a_gradient() =>
        Refused<ArgumentException>(
            "expected teacher2 features without a gradient but got a tensor that requires one; detach it",
            () => KdFunctional.FspLoss(
                rand(2, 3, 3, 3), rand(2, 4, 3, 3), rand(2, 3, 3, 3), rand(2, 4, 3, 3).requires_grad_(), KdReduction.Sum));

    [Fact]
    public void Refuses_settings_that_do_not_exist()
    {
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum or BatchMean, since the form says what a sample's loss is, but got Mean",
            () => new FspLoss(KdReduction.Mean));
        Refused<ArgumentOutOfRangeException>("expected None, Sum, Mean or BatchMean but got 9", () => new FspLoss((KdReduction)9));
        Refused<ArgumentOutOfRangeException>(
            "expected the form Paper, Mean or ColumnNorms but got 3", () => new FspLoss(KdReduction.Sum, new((FspForm)3)));
        Refused<ArgumentOutOfRangeException>(
            "expected Max or Average pooling but got 2",
            () => KdFunctional.FspGram(rand(1, 1, 1, 1), rand(1, 1, 1, 1), (FspPooling)2));
    }

    [Fact]
    public void Refuses_what_are_no_pairs_of_layers()
    {
        Refused<ArgumentException>("expected at least one pair of layers but got none", () => KdFunctional.FspLoss([], KdReduction.Sum));
        Tensor maps = rand(2, 3, 4, 4);
        Refused<ArgumentOutOfRangeException>(
            "expected a finite weight of a pair but got NaN",
            () => KdFunctional.FspLoss([new(maps, maps, maps, maps, double.NaN)], KdReduction.Sum));
        Refused<ArgumentException>(
            "expected features [B, C, H, W] but got [2, 3, 16]", () => KdFunctional.FspGram(maps.flatten(2), maps));
        Refused<ArgumentException>(
            "expected 2 samples, as features1 has, but got [1, 3, 4, 4]", () => KdFunctional.FspGram(maps, maps.narrow(0, 0, 1)));
        Refused<ArgumentException>(
            "expected dtype Float32, as features1 has, but got Float64", () => KdFunctional.FspGram(maps, maps.to(ScalarType.Float64)));
        Refused<NotSupportedException>(
            "expected features2 of dtype float32 or float64 but got Int64", () => KdFunctional.FspGram(maps, maps.to(ScalarType.Int64)));
    }

    private static void Refused<T>(string message, Func<object> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
