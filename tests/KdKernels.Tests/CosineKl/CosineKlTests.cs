using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.CosineKl;

public class CosineKlTests
{
    public static TheoryData<double, KdReduction, bool> Settings
    {
        get
        {
            var data = new TheoryData<double, KdReduction, bool>();
            foreach (var reduction in Enum.GetValues<KdReduction>())
            {
                data.Add(0.5, reduction, true);
                data.Add(2, reduction, false);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradients_match_the_composed_operations(double temperature, KdReduction reduction, bool masked)
    {
        using var scope = NewDisposeScope();
        var (sa, sn, ta, tn) = Data();
        var keep = masked ? Mask() : null;
        var fused = KdFunctional.CosineKl(sa, sn, ta, tn, temperature, reduction, keep, tSquared: masked);
        var composed = CosineKlComposed.Loss(sa, sn, ta, tn, new(temperature, reduction, TSquared: masked), keep);
        Comparison.Close(composed, fused, 1e-10, 1e-13);
        var upstream = Logits.Random(9, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [sa, sn], [upstream]);
        var actual = autograd.grad([fused], [sa, sn], [upstream]);
        for (int i = 0; i < 2; i++) Comparison.Close(expected[i], actual[i], 1e-8, 1e-12);
    }

    [Theory, MemberData(nameof(Settings))]
    public void Both_orders_match_finite_differences(double temperature, KdReduction reduction, bool masked)
    {
        var (sa, sn, ta, tn) = Data();
        Func<Tensor[], Tensor> loss = inputs =>
            KdFunctional.CosineKl(inputs[0], inputs[1], ta, tn, temperature, reduction, masked ? Mask() : null);
        GradCheck.FirstOrder(loss, sa, sn);
        GradCheck.SecondOrder(loss, sa, sn);
        GradCheck.FirstOrder(loss, sa.detach(), sn);
        GradCheck.FirstOrder(loss, sa, sn.detach());
    }

    [Fact]
    public void It_is_the_expanded_cosine_similarity_of_the_reference()
    {
        using var scope = NewDisposeScope();
        var (sa, sn, ta, tn) = Data();
        var expected = nn.functional.kl_div(
            nn.functional.log_softmax(Expanded(sa, sn) / 0.5, 1), nn.functional.softmax(Expanded(ta, tn) / 0.5, 1),
            log_target: false, reduction: nn.Reduction.Sum) * (0.25 / 6);
        Comparison.Close(expected, KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.BatchMean), 1e-12, 0);

        static Tensor Expanded(Tensor a, Tensor n) => nn.functional.cosine_similarity(
            a.unsqueeze(2).expand(-1, -1, n.shape[0]), n.t().unsqueeze(0).expand(a.shape[0], -1, -1), 1);
    }

    [Fact]
    public void Value_and_gradients_match_the_oracle()
    {
        using var scope = NewDisposeScope();
        var (sa, sn, ta, tn) = Data(ScalarType.Float32);
        var oracle = CosineKlOracle.Compute(
            Comparison.Values(sa), Comparison.Values(sn), 5, Comparison.Values(ta), Comparison.Values(tn), 4, 0.5,
            OracleReduction.BatchMean, keep: [true, false, true, true, false, true]);
        var loss = KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.BatchMean, Mask());
        Comparison.Close([oracle.Loss], Comparison.Values(loss), 2e-6, 0);
        loss.backward();
        Comparison.Close(oracle.AugmentedGradient, Comparison.Values(sa.grad!), 1e-4, 1e-6);
        Comparison.Close(oracle.NormalGradient, Comparison.Values(sn.grad!), 1e-4, 1e-6);
    }

    [Fact]
    public void Any_strides_give_what_contiguous_copies_give()
    {
        using var scope = NewDisposeScope();
        var (sa, sn, ta, tn) = Data();
        var expected = KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.Sum);
        var turned = sa.detach().t().contiguous().t().requires_grad_();
        var actual = KdFunctional.CosineKl(
            turned, cat([sn, sn], 1).narrow(1, 5, 5), ta.t().contiguous().t(), tn.repeat(2, 1).narrow(0, 3, 3), 0.5, KdReduction.Sum);
        Assert.True(expected.Equals(actual));
        Assert.True(autograd.grad([expected], [sa])[0].Equals(autograd.grad([actual], [turned])[0]));
    }

    [Fact]
    public void A_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var (sa, sn, ta, tn) = Data();
        foreach (var reduction in new[] { KdReduction.Sum, KdReduction.None })
        {
            var loss = KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, reduction).sum();
            var once = autograd.grad([loss], [sa], retain_graph: true)[0].clone();
            Comparison.Close(once * 3, autograd.grad([loss * 3], [sa], retain_graph: true)[0], 1e-12, 1e-15);
            Assert.True(once.Equals(autograd.grad([loss], [sa])[0]));
        }
    }

    [Fact]
    public void Zero_embeddings_have_a_zero_gradient_in_every_form()
    {
        using var scope = NewDisposeScope();
        var (_, sn, ta, tn) = Data();
        var sa = zeros(6, 5, ScalarType.Float64).requires_grad_();
        foreach (var loss in new[]
        {
            KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.Sum),
            CosineKlComposed.Loss(sa, sn, ta, tn, new(0.5, KdReduction.Sum)),
        })
        {
            var gradients = autograd.grad([loss], [sa, sn]);
            Assert.False(gradients[0].any().ToBoolean());
            Assert.True(gradients[1].isfinite().all().ToBoolean());
        }
    }

    [Fact]
    public void No_rows_give_an_empty_result_and_empty_gradients()
    {
        using var scope = NewDisposeScope();
        var (_, sn, _, tn) = Data();
        var (sa, ta) = (zeros(0, 5, ScalarType.Float64).requires_grad_(), zeros(0, 4, ScalarType.Float64));
        Assert.Equal([0], KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.None).shape);
        Assert.True(double.IsNaN(KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.BatchMean).ToDouble()));
        KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.Sum).backward();
        Assert.Equal([0, 5], sa.grad!.shape);
        Assert.False(sn.grad!.any().ToBoolean());
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var (sa, sn, ta, tn) = Data();
        var keep = Mask();
        using var module = new CosineKlLoss(0.5, reduction, wrongFraction: 0.75);
        Leaks.None(() => KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, reduction, keep).sum().backward(), sa, sn);
        Leaks.None(() => module.call(sa, sn, ta, tn).sum().backward(), sa, sn);
    }

    [Fact]
    public void The_module_keeps_what_the_teacher_gets_right_and_the_best_of_the_rest()
    {
        using var scope = NewDisposeScope();
        var (sa, sn, ta, tn) = Data();
        using var all = new CosineKlLoss(0.5, KdReduction.BatchMean);
        Assert.True(KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.BatchMean).Equals(all.call(sa, sn, ta, tn)));
        using var some = new CosineKlLoss(0.5, KdReduction.BatchMean, wrongFraction: 0.5);
        var ranks = KdFunctional.ErrorRanks(CosineKlComposed.Scores(ta, tn), tensor(new long[] { 0, 0, 1, 1, 2, 2 }));
        var keep = KdFunctional.KeepBestRanked(ranks, 0.5);
        long wrong = (ranks > 0).sum().item<long>();
        Assert.InRange(wrong, 2, 6);
        Assert.Equal(6 - wrong + (wrong / 2), keep.sum().item<long>());
        Assert.True(
            KdFunctional.CosineKl(sa, sn, ta, tn, 0.5, KdReduction.BatchMean, keep).Equals(some.call(sa, sn, ta, tn)));
    }

    [Fact]
    public void Ranks_match_a_stable_sort()
    {
        using var scope = NewDisposeScope();
        var scores = Logits.Random(1, ScalarType.Float32, 40, 7).round();
        var targets = Logits.Labels(2, 7, 40);
        long[] order = [.. KdFunctional.ErrorRanks(scores, targets).data<long>()];
        for (int row = 0; row < 40; row++)
        {
            double[] values = Comparison.Values(scores[row]);
            int[] sorted = [.. Enumerable.Range(0, 7).OrderByDescending(j => values[j])];
            Assert.Equal(Array.IndexOf(sorted, (int)targets[row].item<long>()), order[row]);
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var scope = NewDisposeScope();
        var (sa, sn, ta, tn) = Data();
        Refused<ArgumentException>("expected a matrix with one column at least but got [6, 5, 1]", sa.unsqueeze(2), sn, ta, tn);
        Refused<ArgumentException>("expected shape [3, 5] but got [3, 4]", sa, tn, ta, tn);
        Refused<ArgumentException>("expected shape [6, 4] but got [5, 4]", sa, sn, ta.narrow(0, 0, 5), tn);
        Refused<ArgumentException>("expected shape [3, 4] but got [2, 4]", sa, sn, ta, tn.narrow(0, 0, 2));
        Refused<ArgumentException>("expected one normal embedding at least but got [0, 5]", sa, sn.narrow(0, 0, 0), ta, tn.narrow(0, 0, 0));
        Refused<ArgumentException>("expected dtype Float64", sa, sn, ta.@float(), tn);
        Refused<ArgumentException>("without a gradient", sa, sn, ta.clone().requires_grad_(), tn);
        Refused<NotSupportedException>("expected studentAugmented of dtype float32 or float64", sa.half(), sn, ta, tn);
        Refused<ArgumentException>("expected a mask of dtype Bool but got Int64", sa, sn, ta, tn, ones(6, ScalarType.Int64));
        Refused<ArgumentException>("expected shape [6] but got [5]", sa, sn, ta, tn, ones(5, ScalarType.Bool));
        Refused<ArgumentOutOfRangeException>("expected a temperature in (0, ∞] but got 0", sa, sn, ta, tn, temperature: 0);
    }

    private static void Refused<T>(
        string message, Tensor sa, Tensor sn, Tensor ta, Tensor tn, Tensor? keep = null, double temperature = 0.5)
        where T : Exception =>
        Assert.Contains(
            message,
            Assert.Throws<T>(() => KdFunctional.CosineKl(sa, sn, ta, tn, temperature, KdReduction.Sum, keep)).Message,
            StringComparison.Ordinal);

    private static Tensor Mask() => tensor(new[] { true, false, true, true, false, true });

    private static (Tensor StudentAugmented, Tensor StudentNormal, Tensor TeacherAugmented, Tensor TeacherNormal) Data(
        ScalarType dtype = ScalarType.Float64) =>
        (Small(1, dtype, 6, 5).requires_grad_(), Small(2, dtype, 3, 5).requires_grad_(), Small(3, dtype, 6, 4), Small(4, dtype, 3, 4));

    private static Tensor Small(long seed, ScalarType dtype, params long[] shape) =>
        Logits.Random(seed, ScalarType.Float64, shape).clamp(-4, 4).to(dtype).detach();
}
