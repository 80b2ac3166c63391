using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.FspGram;

public class FspGramTests
{
    public static TheoryData<FspForm, FspPooling, KdReduction> Settings
    {
        get
        {
            var data = new TheoryData<FspForm, FspPooling, KdReduction>();
            foreach (var form in Enum.GetValues<FspForm>())
            {
                foreach (var pooling in Enum.GetValues<FspPooling>())
                {
                    foreach (var reduction in new[] { KdReduction.None, KdReduction.Sum, KdReduction.BatchMean })
                        data.Add(form, pooling, reduction);
                }
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradients_match_the_composed_operations(FspForm form, FspPooling pooling, KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        Tensor s1 = Maps.Leaf(1, 3, 4, 6, 5), s2 = Maps.Leaf(2, 3, 5, 3, 4);
        Tensor t1 = Maps.Values(3, 3, 4, 2, 3), t2 = Maps.Values(4, 3, 5, 4, 3);
        var options = new FspOptions(form, pooling);
        var fused = KdFunctional.FspLoss(s1, s2, t1, t2, reduction, options);
        var composed = FspGramComposed.Loss(s1, s2, t1, t2, options, reduction);
        Comparison.Close(composed, fused, relative: 1e-11, absolute: 1e-14);

        var upstream = Logits.Random(5, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [s1, s2], [upstream]);
        var actual = autograd.grad([fused], [s1, s2], [upstream]);
        for (int i = 0; i < 2; i++) Comparison.Close(expected[i], actual[i], relative: 1e-10, absolute: 1e-14);
    }

    [Theory]
    [InlineData(FspPooling.Max)]
    [InlineData(FspPooling.Average)]
    public void The_matrix_is_an_explicit_broadcast_product(FspPooling pooling)
    {
        // [B, C1, 1, HW] times [B, 1, C2, HW] needs C2 (or C1) times the memory of the features.
        using var scope = NewDisposeScope();
        Tensor f1 = Maps.Leaf(6, 2, 3, 4, 4), f2 = Maps.Leaf(7, 2, 5, 4, 4);
        var fused = KdFunctional.FspGram(f1, f2, pooling);
        var broadcast = (f1.flatten(2).unsqueeze(2) * f2.flatten(2).unsqueeze(1)).mean([3]);
        Comparison.Close(broadcast, fused, 1e-12, 1e-15);
        var upstream = Maps.Values(8, 2, 3, 5, 1).view(2, 3, 5);
        var expected = autograd.grad([broadcast], [f1, f2], [upstream]);
        var actual = autograd.grad([fused], [f1, f2], [upstream]);
        for (int i = 0; i < 2; i++) Comparison.Close(expected[i], actual[i], 1e-11, 1e-15);
    }

    [Fact]
    public void Maximum_and_average_pooling_are_different_losses()
    {
        using var scope = NewDisposeScope();
        Tensor f1 = Maps.Values(9, 2, 3, 4, 4), f2 = Maps.Values(10, 2, 5, 2, 2);
        var max = KdFunctional.FspGram(f1, f2);
        var average = KdFunctional.FspGram(f1, f2, FspPooling.Average);
        Comparison.Close(FspGramComposed.Gram(nn.functional.max_pool2d(f1, 2), f2, FspPooling.Max), max, 1e-12, 1e-15);
        Comparison.Close(FspGramComposed.Gram(nn.functional.avg_pool2d(f1, 2), f2, FspPooling.Max), average, 1e-12, 1e-15);
        Assert.True((max - average).abs().max().ToDouble() > 0.1);
    }

    [Fact]
    public void The_weight_of_a_pair_is_not_inert()
    {
        // One code base multiplies nothing by its documented weight.
        using var scope = NewDisposeScope();
        Tensor s1 = Maps.Leaf(11, 2, 3, 4, 4), s2 = Maps.Leaf(12, 2, 4, 4, 4);
        Tensor t1 = Maps.Values(13, 2, 3, 4, 4), t2 = Maps.Values(14, 2, 4, 4, 4);
        var once = KdFunctional.FspLoss(s1, s2, t1, t2, KdReduction.BatchMean);
        var weighted = KdFunctional.FspLoss(
            [new(s1, s2, t1, t2, Weight: 2), new(s2, s1, t2, t1, Weight: 0.5)], KdReduction.BatchMean);
        Comparison.Close(once * 2.5, weighted, 1e-12, 0);
        Comparison.Close(autograd.grad([once], [s1])[0] * 2.5, autograd.grad([weighted], [s1])[0], 1e-10, 1e-15);
    }

    [Fact]
    public void One_layer_with_itself_gets_both_gradients()
    {
        using var scope = NewDisposeScope();
        var features = Maps.Leaf(15, 2, 4, 3, 3);
        var upstream = Maps.Values(16, 2, 4, 4, 1).view(2, 4, 4);
        var expected = autograd.grad([FspGramComposed.Gram(features, features, FspPooling.Max)], [features], [upstream])[0];
        var actual = autograd.grad([KdFunctional.FspGram(features, features)], [features], [upstream])[0];
        Comparison.Close(expected, actual, 1e-11, 1e-15);
    }

    public static TheoryData<string> Memories => ["channels last", "cropped", "transposed", "expanded"];

    [Theory, MemberData(nameof(Memories))]
    public void Any_strides_give_what_a_contiguous_copy_gives(string memory)
    {
        using var scope = NewDisposeScope();
        var whole = Maps.Values(17, 3, 4, 3, 5);
        var maps = memory switch
        {
            "channels last" => Maps.ChannelsLast(whole),
            "cropped" => Maps.Cropped(whole),
            "transposed" => whole.transpose(2, 3),
            _ => whole.narrow(0, 0, 1).expand(3, 4, 3, 5),
        };
        var other = Maps.Values(18, 3, 6, maps.shape[2], maps.shape[3]);
        foreach (bool otherIsLast in new[] { false, true })
        {
            var second = otherIsLast ? Maps.ChannelsLast(other) : other;
            var plain = maps.contiguous().detach().requires_grad_();
            var leaf = maps.detach().requires_grad_();
            var expected = KdFunctional.FspGram(plain, other);
            var actual = KdFunctional.FspGram(leaf, second);
            Comparison.Close(expected, actual, 1e-12, 1e-15);
            Comparison.Close(autograd.grad([expected.sum()], [plain])[0], autograd.grad([actual.sum()], [leaf])[0], 1e-11, 1e-15);
        }
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        Tensor a = Maps.Values(19, 2, 3, 4, 4), b = Maps.Values(20, 2, 4, 2, 2), c = Maps.Values(21, 2, 3, 4, 4), d = Maps.Values(22, 2, 4, 2, 2);
        var options = new FspOptions(FspForm.ColumnNorms, FspPooling.Average);
        using var module = new FspLoss(KdReduction.Sum, options);
        Assert.True(KdFunctional.FspLoss(a, b, c, d, KdReduction.Sum, options).Equals(module.call(a, b, c, d)));
    }

    [Fact]
    public void No_samples_give_an_empty_result_and_empty_gradients()
    {
        using var scope = NewDisposeScope();
        Tensor s1 = zeros(0, 3, 2, 2).requires_grad_(), s2 = zeros(0, 4, 4, 4).requires_grad_();
        Tensor t1 = zeros(0, 3, 5, 5), t2 = zeros(0, 4, 1, 1);
        Assert.Equal([0], KdFunctional.FspLoss(s1, s2, t1, t2, KdReduction.None).shape);
        Assert.Equal([0, 3, 4], KdFunctional.FspGram(s1, s2).shape);
        Assert.True(double.IsNaN(KdFunctional.FspLoss(s1, s2, t1, t2, KdReduction.BatchMean).ToDouble()));
        KdFunctional.FspLoss(s1, s2, t1, t2, KdReduction.Sum).backward();
        Assert.Equal([0, 3, 2, 2], s1.grad!.shape);
        Assert.Equal([0, 4, 4, 4], s2.grad!.shape);
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var s1 = Logits.Random(23, ScalarType.Float32, 3, 4, 5, 5).requires_grad_();
        var others = Enumerable.Range(24, 3).Select(seed => Logits.Random(seed, ScalarType.Float32, 3, 4, 5, 5)).ToArray();
        var loss = KdFunctional.FspLoss(s1, others[0], others[1], others[2], KdReduction.BatchMean);
        var once = autograd.grad([loss], [s1], retain_graph: true)[0].clone();
        var scaled = autograd.grad([loss * 3], [s1], retain_graph: true)[0];
        for (int i = 0; i < 3; i++) loss.backward(retain_graph: true);
        double largest = once.abs().max().ToDouble();
        Comparison.Close(once * 3, scaled, relative: 1e-6, absolute: 0);
        Comparison.Close(once * 3, s1.grad!, relative: 1e-6, absolute: 1e-6 * largest);
    }
}
