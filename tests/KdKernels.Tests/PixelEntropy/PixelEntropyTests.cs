using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.PixelEntropy;

public class PixelEntropyTests
{
    public static TheoryData<KdReduction> Reductions => [.. Enum.GetValues<KdReduction>()];

    [Theory, MemberData(nameof(Reductions))]
    public void Value_and_gradient_match_the_composed_operations(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var sigma = Sigma(1, ScalarType.Float64, 7, 4, 4).requires_grad_();
        var fused = KdFunctional.PixelEntropy(sigma, reduction);
        var composed = PixelEntropyComposed.Entropy(sigma, new(reduction));
        Comparison.Close(composed, fused, relative: 1e-12, absolute: 1e-13);

        var upstream = Logits.Random(2, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [sigma], [upstream])[0];
        Comparison.Close(expected, autograd.grad([fused], [sigma], [upstream])[0], relative: 1e-12, absolute: 0);
    }

    [Theory, MemberData(nameof(Reductions))]
    public void Points_match_the_oracle_and_the_composed_operations(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var sigma = Sigma(3, ScalarType.Float32, 6, 16, 16).requires_grad_();
        var foreground = Logits.Random(4, ScalarType.Float32, 6, 16, 16) > 1;
        using var fused = KdFunctional.PixelEntropyPoints(sigma, foreground, reduction, 0.5, withMap: true);
        using var composed = PixelEntropyComposed.Points(sigma, foreground, new(reduction, 0.5));
        var oracle = PixelEntropyOracle.Compute(
            Comparison.Values(sigma), 6, Enum.Parse<OracleReduction>(reduction.ToString()), 0.5,
            [.. Comparison.Values(foreground).Select(flag => flag != 0)]);
        double[] expected = reduction == KdReduction.None ? oracle.Map : [oracle.Entropy];
        Comparison.Close(expected, Comparison.Values(fused.Entropy), relative: 1e-6, absolute: 1e-6);
        Comparison.Close(oracle.Map, Comparison.Values(fused.Map!), relative: 1e-6, absolute: 1e-6);
        Comparison.Close([oracle.BackgroundMean], Comparison.Values(fused.BackgroundMean), relative: 1e-6, absolute: 0);
        foreach (var result in new[] { fused, composed })
        {
            Assert.Equal(oracle.ForegroundPoints, result.ForegroundPoints.data<long>().ToArray());
            Assert.Equal(oracle.BackgroundPoints, result.BackgroundPoints.data<long>().ToArray());
        }
        fused.Entropy.sum().backward();
        Comparison.Close(oracle.Gradient, Comparison.Values(sigma.grad!), relative: 1e-6, absolute: 0);
    }

    [Fact]
    public void A_mask_broadcasts_over_channels_and_images()
    {
        using var scope = NewDisposeScope();
        var sigma = Sigma(5, ScalarType.Float32, 4, 3, 5, 6);
        var mask = Logits.Random(6, ScalarType.Float32, 4, 1, 5, 6) > 0;
        foreach (var foreground in new[] { mask, mask.narrow(0, 1, 1), mask.narrow(0, 2, 1).squeeze(0) })
        {
            using var expected = KdFunctional.PixelEntropyPoints(
                sigma, foreground.expand(sigma.shape).contiguous(), KdReduction.Mean);
            using var actual = KdFunctional.PixelEntropyPoints(sigma, foreground, KdReduction.Mean);
            Assert.Equal(expected.ForegroundPoints.data<long>().ToArray(), actual.ForegroundPoints.data<long>().ToArray());
            Assert.Equal(expected.BackgroundMean.ToDouble(), actual.BackgroundMean.ToDouble());
        }
    }

    [Fact]
    public void Tensors_that_are_not_contiguous_give_what_a_copy_gives()
    {
        using var scope = NewDisposeScope();
        var whole = Sigma(7, ScalarType.Float64, 4, 6, 8);
        foreach (var view in new[] { whole.transpose(1, 2), whole.narrow(2, 1, 5), whole.narrow(0, 1, 1).expand(3, 6, 8) })
        {
            var sigma = view.detach().requires_grad_();
            var copy = view.contiguous().detach().requires_grad_();
            foreach (var reduction in Enum.GetValues<KdReduction>())
            {
                var (expected, actual) = (KdFunctional.PixelEntropy(copy, reduction), KdFunctional.PixelEntropy(sigma, reduction));
                Comparison.Close(expected, actual, relative: 0, absolute: 0);
                Comparison.Close(
                    autograd.grad([expected.sum()], [copy])[0], autograd.grad([actual.sum()], [sigma])[0], relative: 0, absolute: 0);
            }
        }
    }

    [Fact]
    public void Nothing_gives_empty_results()
    {
        using var scope = NewDisposeScope();
        foreach (var sigma in new[] { zeros(0, 4, 4), zeros([3, 0]), zeros([0]) })
        {
            sigma.requires_grad_();
            Assert.Equal(sigma.shape, KdFunctional.PixelEntropy(sigma, KdReduction.None).shape);
            Assert.True(double.IsNaN(KdFunctional.PixelEntropy(sigma, KdReduction.Mean).ToDouble()));
            using var points = KdFunctional.PixelEntropyPoints(sigma, zeros(sigma.shape, ScalarType.Bool), KdReduction.Sum);
            Assert.True(double.IsNaN(points.BackgroundMean.ToDouble()));
            Assert.Equal([sigma.shape[0]], points.ForegroundPoints.shape);
            points.Entropy.backward();
            Assert.Equal(sigma.shape, sigma.grad!.shape);
        }
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        var sigma = Sigma(8, ScalarType.Float32, 2, 5, 3);
        using var module = new PixelEntropyLoss(KdReduction.BatchMean);
        Assert.True(KdFunctional.PixelEntropy(sigma, KdReduction.BatchMean).Equals(module.call(sigma)));
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var sigma = Sigma(9, ScalarType.Float32, 5, 7).requires_grad_();
        var loss = KdFunctional.PixelEntropy(sigma, KdReduction.Mean);
        var once = autograd.grad([loss], [sigma], retain_graph: true)[0].clone();
        var scaled = autograd.grad([loss * 3], [sigma], retain_graph: true)[0];
        for (int i = 0; i < 3; i++) loss.backward(retain_graph: true);
        Comparison.Close(once * 3, scaled, relative: 1e-6, absolute: 0);
        Comparison.Close(once * 3, sigma.grad!, relative: 1e-6, absolute: 0);
    }

    internal static Tensor Sigma(long seed, ScalarType dtype, params long[] shape)
    {
        using var scope = NewDisposeScope();
        var generator = new Generator((ulong)seed, CPU);
        return (rand(shape, ScalarType.Float64, generator: generator) * -6.9).exp().to(dtype).MoveToOuterDisposeScope();
    }
}
