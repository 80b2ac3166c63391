using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.CrdContrast;

public class CrdContrastTests
{
    public static TheoryData<KdReduction, double> Settings => new()
    {
        { KdReduction.None, 0 }, { KdReduction.Sum, 0 }, { KdReduction.BatchMean, 0 }, { KdReduction.None, 1e-7 },
        { KdReduction.BatchMean, 0.2 },
    };

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradient_match_the_composed_operations(KdReduction reduction, double epsilon)
    {
        using var scope = NewDisposeScope();
        var (anchors, bank, positives, negatives) = CrdData.Make(6, 20, 9, 15);
        var fused = KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.2, 30, reduction, epsilon);
        var composed = CrdContrastComposed.Loss(anchors, bank, positives, negatives, new(0.2, 30, reduction, epsilon));
        Comparison.Close(composed, fused, 1e-10, 0);
        var upstream = Logits.Random(2, ScalarType.Float64, fused.shape);
        Comparison.Close(
            autograd.grad([composed], [anchors], [upstream])[0], autograd.grad([fused], [anchors], [upstream])[0], 1e-9, 1e-12);
    }

    [Theory, MemberData(nameof(Settings))]
    public void Both_orders_match_finite_differences(KdReduction reduction, double epsilon)
    {
        var (anchors, bank, positives, negatives) = CrdData.Make(3, 7, 4, 5);
        Func<Tensor[], Tensor> given = inputs =>
            KdFunctional.CrdContrast(inputs[0], bank, positives, negatives, 0.5, 9, reduction, epsilon);
        GradCheck.FirstOrder(given, anchors);
        GradCheck.SecondOrder(given, anchors);
        var draws = new CrdDraws(new CrdNegatives(1, [0L, 1, 2, 0, 1, 2, 0]), 4, 6);
        Func<Tensor[], Tensor> drawn = inputs =>
            KdFunctional.CrdContrast(inputs[0], bank, positives, draws, 0.5, 9, reduction, epsilon);
        GradCheck.FirstOrder(drawn, anchors);
        GradCheck.SecondOrder(drawn, anchors);
    }

    [Fact]
    public void Value_and_gradient_match_the_oracle()
    {
        using var scope = NewDisposeScope();
        var (anchors, bank, positives, negatives) = CrdData.Make(5, 50, 33, 100, ScalarType.Float32);
        double z = KdFunctional.CrdNormalizer(anchors, bank, positives, negatives, 0.07);
        var oracle = CrdContrastOracle.Compute(
            Comparison.Values(anchors), Comparison.Values(bank), 33, positives.data<long>().ToArray(), negatives.data<long>().ToArray(),
            0.07, z, 0, OracleReduction.BatchMean);
        var loss = KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.07, z, KdReduction.BatchMean);
        Comparison.Close([oracle.Loss], Comparison.Values(loss), 3e-6, 0);
        loss.backward();
        Comparison.Close(oracle.Gradient, Comparison.Values(anchors.grad!), 1e-5, 1e-5);
    }

    [Fact]
    public void Any_strides_give_what_contiguous_copies_give()
    {
        using var scope = NewDisposeScope();
        var (anchors, bank, positives, negatives) = CrdData.Make(6, 20, 9, 15);
        var expected = KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.2, 30, KdReduction.None);
        var gradient = autograd.grad([expected.sum()], [anchors])[0];
        var wide = cat([bank, bank], 1);
        var turned = anchors.detach().t().contiguous().t().requires_grad_();
        foreach (var strided in new[] { wide.narrow(1, 9, 9), bank.t().contiguous().t() })
        {
            var actual = KdFunctional.CrdContrast(
                turned, strided, stack([positives, positives], 1).select(1, 0), negatives.t().contiguous().t(), 0.2, 30, KdReduction.None);
            Assert.True(expected.Equals(actual));
            Assert.True(gradient.Equals(autograd.grad([actual.sum()], [turned])[0]));
        }
    }

    [Fact]
    public void Drawn_negatives_are_those_that_ToTensor_shows()
    {
        using var scope = NewDisposeScope();
        var (anchors, bank, positives, _) = CrdData.Make(6, 20, 9, 15);
        var draws = new CrdDraws(new CrdNegatives(3, 20), 8, 40);
        var negatives = draws.ToTensor(positives);
        Assert.Equal([6, 40], negatives.shape);
        Assert.False(negatives.eq(positives.unsqueeze(1)).any().ToBoolean());
        Assert.True(KdFunctional.CrdContrast(anchors, bank, positives, draws, 0.2, 30, KdReduction.None).Equals(
            KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.2, 30, KdReduction.None)));
        Assert.Equal(
            KdFunctional.CrdNormalizer(anchors, bank, positives, negatives, 0.2),
            KdFunctional.CrdNormalizer(anchors, bank, positives, draws, 0.2));
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void An_update_of_the_bank_before_backward_does_not_change_the_gradient(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var (anchors, bank, positives, negatives) = CrdData.Make(6, 20, 9, 15);
        Tensor Loss() => KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.2, 30, reduction).sum();
        var expected = autograd.grad([Loss()], [anchors])[0];
        var loss = Loss();
        KdFunctional.CrdUpdate(bank, positives, anchors.detach(), 0.5);
        Assert.True(expected.Equals(autograd.grad([loss], [anchors])[0]));
        Assert.False(expected.Equals(autograd.grad([Loss()], [anchors])[0]));
    }

    [Fact]
    public void A_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var (anchors, bank, positives, negatives) = CrdData.Make(6, 20, 9, 15);
        foreach (var reduction in new[] { KdReduction.Sum, KdReduction.None })
        {
            var loss = KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.2, 30, reduction).sum();
            var once = autograd.grad([loss], [anchors], retain_graph: true)[0].clone();
            Comparison.Close(once * 3, autograd.grad([loss * 3], [anchors], retain_graph: true)[0], 1e-12, 0);
            Assert.True(once.Equals(autograd.grad([loss], [anchors])[0]));
        }
    }

    [Fact]
    public void No_anchors_give_an_empty_result_and_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        var (anchors, positives) = (zeros(0, 9).requires_grad_(), zeros(0, ScalarType.Int64));
        var (bank, negatives) = (rand(20, 9), zeros(0, 5, ScalarType.Int64));
        Tensor Loss(KdReduction reduction) => KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.2, 30, reduction);
        Assert.Equal([0], Loss(KdReduction.None).shape);
        Assert.True(double.IsNaN(Loss(KdReduction.BatchMean).ToDouble()));
        Loss(KdReduction.Sum).backward();
        Assert.Equal([0, 9], anchors.grad!.shape);
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var (anchors, bank, positives, negatives) = CrdData.Make(6, 20, 9, 15);
        Leaks.None(
            () => KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.2, 30, reduction).sum().backward(), anchors);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var scope = NewDisposeScope();
        var (anchors, bank, positives, negatives) = CrdData.Make(6, 20, 9, 15);
        Refused<ArgumentException>("expected embeddings [B, D] but got [6, 9, 1]", anchors.unsqueeze(2), bank, positives, negatives);
        Refused<ArgumentException>("expected a bank [n, 9] of one row at least but got [20, 8]", anchors, bank.narrow(1, 0, 8), positives, negatives);
        Refused<ArgumentException>("expected dtype Float64, as anchors has, but got Float32", anchors, bank.@float(), positives, negatives);
        Refused<ArgumentException>("expected a bank without a gradient", anchors, bank.clone().requires_grad_(), positives, negatives);
        Refused<ArgumentException>("expected indices [6] but got [5]", anchors, bank, positives.narrow(0, 0, 5), negatives);
        Refused<ArgumentException>("expected indices of dtype Int64 but got Int32", anchors, bank, positives.@int(), negatives);
        Refused<ArgumentException>("expected indices [6, 15] but got [5, 15]", anchors, bank, positives, negatives.narrow(0, 0, 5));
        Refused<ArgumentException>("expected indices [6, 1] but got [6, 0]", anchors, bank, positives, negatives.narrow(1, 0, 0));
        Refused<ArgumentException>("expected rows in [0, 20) but got 120 for anchor 0", anchors, bank, positives * 0 + 120, negatives);
        Refused<ArgumentException>("expected negatives in [0, 20) but got -1 for anchor 0", anchors, bank, positives, negatives * 0 - 1);
        Refused<NotSupportedException>("expected anchors of dtype float32 or float64", anchors.half(), bank, positives, negatives);
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum or BatchMean but got Mean", anchors, bank, positives, negatives, KdReduction.Mean);
    }

    private static void Refused<T>(
        string message, Tensor anchors, Tensor bank, Tensor positives, Tensor negatives, KdReduction reduction = KdReduction.Sum)
        where T : Exception =>
        Assert.Contains(
            message,
            Assert.Throws<T>(() => KdFunctional.CrdContrast(anchors, bank, positives, negatives, 0.2, 30, reduction)).Message,
            StringComparison.Ordinal);
}
