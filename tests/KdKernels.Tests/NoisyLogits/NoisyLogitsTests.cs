using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.NoisyLogits;

public class NoisyLogitsTests
{
    private const double Sigma = 0.5;
    private const double Alpha = 0.6;

    public static TheoryData<KdReduction> Reductions => [.. Enum.GetValues<KdReduction>()];

    [Theory, MemberData(nameof(Reductions))]
    public void Regenerated_gradients_match_composed_ones_with_the_noise_made_explicit(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        foreach (int dim in new[] { 0, 1, 2 })
        {
            var (student, teacher) = (Input(1, 4, 5, 6), Input(2, 4, 5, 6));
            long[] rows = [.. student.shape.Where((_, i) => i != dim)];
            var samples = randint(0, 1000, rows, ScalarType.Int64);
            foreach (var numbers in new[] { null, samples })
            {
                var options = new NoisyLogitsOptions(Sigma, Alpha, reduction, dim) { Seed = 3, Step = 4, FirstSample = 50 };
                var fused = KdFunctional.NoisyLogits(
                    student, teacher, Sigma, Alpha, reduction, seed: 3, step: 4, numbers, firstSample: 50, dim: dim);
                var composed = NoisyLogitsComposed.Loss(student, teacher, options, numbers);
                Comparison.Close(composed, fused, relative: 1e-12, absolute: 0);
                var upstream = Logits.Random(5, ScalarType.Float64, fused.shape);
                var expected = autograd.grad([composed], [student, teacher], [upstream]);
                var actual = autograd.grad([fused], [student, teacher], [upstream]);
                for (int i = 0; i < 2; i++) Comparison.Close(expected[i], actual[i], relative: 1e-12, absolute: 1e-15);
            }
        }
    }

    [Fact]
    public void The_explicit_noise_is_zero_in_rows_that_are_not_selected_and_nowhere_else()
    {
        using var scope = NewDisposeScope();
        var noise = NoisyLogitsComposed.Noise(zeros(400, 8), new(Sigma, Alpha, KdReduction.Sum));
        var selected = noise.ne(0).sum(1);
        Assert.True(selected.eq(0).logical_or(selected.eq(8)).all().ToBoolean());
        Assert.InRange(selected.eq(8).sum().ToInt64(), 240 - 50, 240 + 50);
        Assert.Equal(Sigma, noise[selected.eq(8)].std().ToDouble(), 0.05);
    }

    [Fact]
    public void Without_noise_it_is_logit_regression()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(6, 5, 7), Input(7, 5, 7));
        var expected = KdFunctional.LogitRegression(student, teacher, KdReduction.BatchMean);
        Assert.True(expected.Equals(KdFunctional.NoisyLogits(student, teacher, Sigma, 0, KdReduction.BatchMean, 1, 1)));
        Assert.True(expected.Equals(KdFunctional.NoisyLogits(student, teacher, 0, 1, KdReduction.BatchMean, 1, 1)));
    }

    [Fact]
    public void A_sample_has_the_same_loss_in_any_batch_and_another_one_at_another_step()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(8, 6, 20), Input(9, 6, 20));
        var order = tensor(new long[] { 4, 2, 0, 5, 1, 3 });
        var samples = tensor(new long[] { 90, 7, 33, 2, 61, 15 });
        Tensor Rows(Tensor s, Tensor t, Tensor numbers, long step = 1) =>
            KdFunctional.NoisyLogits(s, t, 1, 1, KdReduction.None, seed: 5, step, numbers);
        var rows = Rows(student, teacher, samples);
        Assert.True(rows[order].Equals(Rows(student[order], teacher[order], samples[order])));
        Assert.False(rows.eq(Rows(student, teacher, samples, step: 2)).any().ToBoolean());
    }

    [Theory, MemberData(nameof(Reductions))]
    public void Both_orders_match_finite_differences(KdReduction reduction)
    {
        Func<Tensor[], Tensor> loss = inputs =>
            KdFunctional.NoisyLogits(inputs[0], inputs[1], Sigma, Alpha, reduction, seed: 1, step: 2);
        GradCheck.FirstOrder(loss, Small(10, 3, 5), Small(11, 3, 5));
        GradCheck.SecondOrder(inputs => loss(inputs).exp(), Small(10, 3, 5), Small(11, 3, 5));
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(12, 4, 5), Input(13, 4, 5));
        using var module = new NoisyLogitsLoss(Sigma, Alpha, KdReduction.Mean, seed: 9) { Step = 3, FirstSample = 8 };
        Assert.True(KdFunctional.NoisyLogits(student, teacher, Sigma, Alpha, KdReduction.Mean, 9, 3, firstSample: 8)
            .Equals(module.call(student, teacher)));
        var samples = tensor(new long[] { 8, 9, 10, 11 });
        Assert.True(module.call(student, teacher).Equals(module.forward(student, teacher, samples)));
        module.Step = 4;
        Assert.False(KdFunctional.NoisyLogits(student, teacher, Sigma, Alpha, KdReduction.Mean, 9, 3, firstSample: 8)
            .Equals(module.call(student, teacher)));
    }

    [Fact]
    public void No_rows_give_an_empty_result_and_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        var student = zeros(0, 5).requires_grad_();
        Assert.Equal([0], KdFunctional.NoisyLogits(student, zeros(0, 5), 1, 1, KdReduction.None, 1, 1).shape);
        Assert.True(double.IsNaN(KdFunctional.NoisyLogits(student, zeros(0, 5), 1, 1, KdReduction.Mean, 1, 1).ToDouble()));
        KdFunctional.NoisyLogits(student, zeros(0, 5), 1, 1, KdReduction.Sum, 1, 1).backward();
        Assert.Equal([0, 5], student.grad!.shape);
    }

    [Fact]
    public void Backward_twice_makes_the_same_noise_twice()
    {
        using var scope = NewDisposeScope();
        var student = Input(14, 5, 7);
        var loss = KdFunctional.NoisyLogits(student, Input(15, 5, 7).detach(), 1, 0.5, KdReduction.None, 1, 1).sum();
        var first = autograd.grad([loss], [student], retain_graph: true)[0];
        Assert.True(first.Equals(autograd.grad([loss], [student])[0]));
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(16, 3, 5), Input(17, 3, 5));
        var samples = tensor(new long[] { 5, 6, 7 });
        Leaks.None(
            () => KdFunctional.NoisyLogits(student, teacher, Sigma, Alpha, reduction, 1, 2, samples).sum().backward(), student, teacher);
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var z = zeros(4, 3);
        Refused<ArgumentOutOfRangeException>(
            "expected a finite sigma of 0 or more but got -1", () => KdFunctional.NoisyLogits(z, z, -1, 1, KdReduction.Sum, 1, 1));
        Refused<ArgumentOutOfRangeException>(
            "expected a number in [0, 1] but got 2", () => KdFunctional.NoisyLogits(z, z, 1, 2, KdReduction.Sum, 1, 1));
        Refused<ArgumentOutOfRangeException>(
            "expected a step in [0, 2^32) but got -1", () => KdFunctional.NoisyLogits(z, z, 1, 1, KdReduction.Sum, 1, -1));
        Refused<ArgumentException>(
            "expected samples of dtype Int64 but got Float32",
            () => KdFunctional.NoisyLogits(z, z, 1, 1, KdReduction.Sum, 1, 1, zeros(4)));
        Refused<ArgumentException>(
            "expected one value per row, shape [4], but got [3]",
            () => KdFunctional.NoisyLogits(z, z, 1, 1, KdReduction.Sum, 1, 1, zeros(3, ScalarType.Int64)));
        Refused<ArgumentOutOfRangeException>(
            "expected samples in [0, 2^32) but got -7",
            () => KdFunctional.NoisyLogits(z, z, 1, 1, KdReduction.Sum, 1, 1, full([4], -7, ScalarType.Int64)));
        Refused<ArgumentOutOfRangeException>(
            "expected samples in [0, 2^32) but got -1",
            () => KdFunctional.NoisyLogits(z, z, 1, 1, KdReduction.Sum, 1, 1, firstSample: -1));
        Refused<ArgumentOutOfRangeException>("sigma", () => new NoisyLogitsLoss(double.NaN, 1, KdReduction.Sum, 1));
        Refused<ArgumentOutOfRangeException>("alpha", () => new NoisyLogitsLoss(1, -1, KdReduction.Sum, 1));
    }

    private static void Refused<T>(string message, Func<object> call)
        where T : Exception => Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);

    private static Tensor Input(long seed, params long[] shape) =>
        Logits.Random(seed, ScalarType.Float64, shape).requires_grad_();

    private static Tensor Small(long seed, params long[] shape) =>
        (Logits.Random(seed, ScalarType.Float64, shape) * 0.05).clamp(-0.4, 0.4).detach().requires_grad_();
}
