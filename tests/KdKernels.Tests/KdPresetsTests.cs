using KdKernels.Tests.TemperedKl;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>Each preset against the expression that its code base evaluates, written out in torch operations.</summary>
public class KdPresetsTests
{
    [Fact]
    public void RepDistiller_and_mdistiller_average_over_rows_and_keep_the_square_of_T()
    {
        Same((s, t, y) => 0.1 * CrossEntropy(s, y) + 0.9 * 16 * BatchMeanKl(s, t, 4), KdPresets.RepDistiller());
        Same((s, t, y) => 0.1 * CrossEntropy(s, y) + 0.9 * 16 * BatchMeanKl(s, t, 4), KdPresets.Mdistiller());
    }

    [Fact]
    public void Torchdistill_weighs_the_cross_entropy_and_drops_the_square_of_T_without_it()
    {
        Same((s, t, y) => 0.3 * CrossEntropy(s, y) + 0.7 * 9 * BatchMeanKl(s, t, 3), KdPresets.Torchdistill(temperature: 3, alpha: 0.3));
        Same((s, t, y) => BatchMeanKl(s, t, 3), KdPresets.Torchdistill(temperature: 3, alpha: null));
        Same((s, t, y) => BatchMeanKl(s, t, 3), KdPresets.Torchdistill(temperature: 3, alpha: 0));
    }

    [Fact]
    public void Liger_never_multiplies_by_the_square_of_T() =>
        Same((s, t, y) => 0.5 * CrossEntropy(s, y) + 0.5 * BatchMeanKl(s, t, 2), KdPresets.Liger(temperature: 2));

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(1.0)]
    public void Trl_and_liger_take_the_divergences_at_the_ends_and_no_square_of_T(double beta)
    {
        using var scope = NewDisposeScope();
        var (student, teacher, _) = TemperedKlTests.Vectors();
        using var trl = KdPresets.TrlJsd(beta);
        using var liger = KdPresets.LigerJsd(beta);
        Comparison.Close(Trl(student, teacher, beta, 0.9), trl.call(student.unsqueeze(0), teacher.unsqueeze(0)), 1e-12, 0);
        Comparison.Close(Trl(student, teacher, beta, 1), liger.call(student, teacher), 1e-12, 0);
    }

    // generalized_jsd_loss: kl_div's first argument is the distribution that the divergence is taken from the second one to.
    private static Tensor Trl(Tensor student, Tensor teacher, double beta, double temperature)
    {
        var (logQ, logP) = ((student / temperature).log_softmax(1), (teacher / temperature).log_softmax(1));
        if (beta == 0) return Kl(logQ, logP) / student.shape[0];
        if (beta == 1) return Kl(logP, logQ) / student.shape[0];
        var mixture = stack([logQ + Math.Log(1 - beta), logP + Math.Log(beta)], 0).logsumexp(0);
        return (Kl(mixture, logP) * beta + Kl(mixture, logQ) * (1 - beta)) / student.shape[0];

        static Tensor Kl(Tensor input, Tensor target) =>
            nn.functional.kl_div(input, target, log_target: true, reduction: nn.Reduction.Sum);
    }

    private static void Same(Func<Tensor, Tensor, Tensor, Tensor> expression, KdKernels.HintonLoss preset)
    {
        using var scope = NewDisposeScope();
        var (student, teacher, labels) = TemperedKlTests.Vectors();
        Comparison.Close(expression(student, teacher, labels), preset.call(student, teacher, labels), 1e-12, 0);
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor labels) => nn.functional.cross_entropy(logits, labels);

    private static Tensor BatchMeanKl(Tensor student, Tensor teacher, double temperature) =>
        nn.functional.kl_div(
            (student / temperature).log_softmax(1), (teacher / temperature).softmax(1), log_target: false, reduction: nn.Reduction.Sum)
        / student.shape[0];
}
