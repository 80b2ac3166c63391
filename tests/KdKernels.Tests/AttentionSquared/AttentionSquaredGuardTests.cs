using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.AttentionSquared;

public class AttentionSquaredGuardTests
{
    [Fact]
    public void Refuses_a_teacher_that_requires_a_gradient() =>
        Refused<ArgumentException>(
            "expected teacher features without a gradient but got a tensor that requires one; detach it",
            () => KdFunctional.AttentionSquared(rand(2, 3, 4, 4), rand(2, 3, 4, 4).requires_grad_(), KdReduction.Mean));

    [Fact]
    public void Refuses_a_mean_over_pixels_of_the_papers_norm()
    {
        const string Message = "expected None, Sum or BatchMean for the paper's form, which has one norm per sample, but got Mean";
        var paper = new AttentionOptions(AttentionForm.Paper);
        Refused<ArgumentOutOfRangeException>(
            Message, () => KdFunctional.AttentionSquared(rand(2, 3, 4, 4), rand(2, 3, 4, 4), KdReduction.Mean, paper));
        Refused<ArgumentOutOfRangeException>(Message, () => new AttentionSquaredLoss(KdReduction.Mean, paper));
    }

    [Fact]
    public void Refuses_settings_that_do_not_exist()
    {
        Refused<ArgumentOutOfRangeException>(
            "expected a power of 1, 2 or 4 but got 3", () => new AttentionSquaredLoss(KdReduction.Mean, new(Power: 3)));
        Refused<ArgumentOutOfRangeException>(
            "expected a power of 1, 2 or 4 but got 0", () => KdFunctional.AttentionPeak(rand(1, 1, 1, 1), power: 0));
        Refused<ArgumentOutOfRangeException>(
            "expected Sum or Mean over channels but got 4",
            () => KdFunctional.AttentionMap(rand(1, 1, 1, 1), channels: (ChannelReduction)4));
        Refused<ArgumentOutOfRangeException>(
            "expected the form Code or Paper but got 2", () => new AttentionSquaredLoss(KdReduction.Mean, new((AttentionForm)2)));
        Refused<ArgumentOutOfRangeException>(
            "expected a finite beta but got NaN", () => new AttentionSquaredLoss(KdReduction.Mean, new(Beta: double.NaN)));
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9", () => new AttentionSquaredLoss((KdReduction)9));
    }

    [Fact]
    public void Refuses_what_is_no_pair_of_feature_maps()
    {
        Refused<ArgumentException>("expected features [B, C, H, W] but got [2, 3]", () => Loss(rand(2, 3), rand(2, 3)));
        Refused<ArgumentException>(
            "expected at least one channel and one pixel but got [2, 0, 4, 4]", () => Loss(rand(2, 0, 4, 4), rand(2, 3, 4, 4)));
        Refused<ArgumentException>(
            "expected 2 samples, as student has, but got [3, 3, 4, 4]", () => Loss(rand(2, 3, 4, 4), rand(3, 3, 4, 4)));
        Refused<ArgumentException>(
            "expected dtype Float32, as student has, but got Float64",
            () => Loss(rand(2, 3, 4, 4), rand(2, 3, 4, 4, ScalarType.Float64)));
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 on cpu but got Float16",
            () => Loss(zeros(2, 3, 4, 4, ScalarType.Float16), rand(2, 3, 4, 4)));
    }

    private static Tensor Loss(Tensor student, Tensor teacher) => KdFunctional.AttentionSquared(student, teacher, KdReduction.Mean);

    private static void Refused<T>(string message, Func<object> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
