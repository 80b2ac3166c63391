using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.NoiseProbe;

public class NoiseProbeTests
{
    public static TheoryData<int, int, int> Batches => new() { { 1, 1, 6 }, { 3, 3, 1 }, { 1, 2, 3 }, { 2, 1, 3 }, { 2, 2, 2 } };

    [Theory, MemberData(nameof(Batches))]
    public void Copies_and_gradients_match_the_composed_operations(int inputs, int sigmas, int samples)
    {
        using var scope = NewDisposeScope();
        foreach (var dtype in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            var (input, sigma) = (Input(1, dtype, inputs, 3, 10, 14), Sigma(2, dtype, sigmas, 4, 5));
            var fused = KdFunctional.NoiseProbe(input, sigma, 7, 3, 11, samples);
            var composed = NoiseProbeComposed.Copies(input, sigma, new(7, 3, 11, samples));
            double rounding = dtype == ScalarType.Float32 ? 3e-7 : 1e-15;
            Comparison.Close(composed, fused, relative: rounding, absolute: rounding);

            var upstream = Logits.Random(3, dtype, fused.shape);
            var expected = autograd.grad([composed], [input, sigma], [upstream]);
            var actual = autograd.grad([fused], [input, sigma], [upstream]);
            Comparison.Close(expected[0], actual[0], relative: 5 * rounding, absolute: 20 * rounding);
            Comparison.Close(expected[1], actual[1], relative: 50 * rounding, absolute: 1000 * rounding);
        }
    }

    [Theory, MemberData(nameof(Batches))]
    public void Both_orders_match_finite_differences(int inputs, int sigmas, int samples)
    {
        var (input, sigma) = (Input(4, ScalarType.Float64, inputs, 2, 3, 4), Sigma(5, ScalarType.Float64, sigmas, 2, 2));
        GradCheck.FirstOrder(x => KdFunctional.NoiseProbe(x[0], x[1], 1, 2, 0, samples), input, sigma);
        // The op is linear; a square after it gives the second order something to see.
        GradCheck.SecondOrder(x => KdFunctional.NoiseProbe(x[0], x[1], 1, 2, 0, samples).pow(2), input, sigma);
    }

    [Fact]
    public void A_pixel_has_the_deviation_of_torchs_nearest_upsampling()
    {
        using var scope = NewDisposeScope();
        foreach (var (size, cells) in new[] { (224, 16), (227, 16), (32, 8), (30, 7) })
        {
            var sigma = Sigma(6, ScalarType.Float32, 1, cells, cells);
            var noise = NoiseProbeComposed.Noise([1, 1, 1, size, size], new(5, 6)).squeeze(0);
            var expected = nn.functional.interpolate(
                sigma.unsqueeze(1), [size, size], mode: InterpolationMode.Nearest) * noise;
            var actual = KdFunctional.NoiseProbe(zeros(1, 1, size, size), sigma, 5, 6);
            Comparison.Close(expected, actual, relative: 0, absolute: 0);
        }
    }

    /// <summary>Prop. of methods.md section 10: the gradient is Σ (∂L/∂x')·ε minus the entropy's α/(G²σ).</summary>
    [Fact]
    public void The_objective_of_the_probe_has_the_published_gradient()
    {
        using var scope = NewDisposeScope();
        var image = Input(7, ScalarType.Float64, 1, 3, 8, 8).detach();
        var sigma = Sigma(8, ScalarType.Float64, 1, 4, 4);
        var weights = Logits.Random(9, ScalarType.Float64, 5, 3 * 8 * 8) / 10;
        double alpha = 7, norm = 0.3;
        var copies = KdFunctional.NoiseProbe(image, sigma, 3, 0, samples: 6);
        var difference = nn.functional.linear((copies - image).view(6, -1), weights);
        var objective = difference.pow(2).mean() / norm - alpha * KdFunctional.PixelEntropy(sigma, KdReduction.Mean);
        objective.backward();

        var noise = NoiseProbeComposed.Noise([1, 6, 3, 8, 8], new(3, 0, 0, 6)).to(ScalarType.Float64);
        var upstream = (difference.detach().matmul(weights) * (2.0 / (6 * 5 * norm))).view(1, 6, 3, 4, 2, 4, 2);
        var ofNoise = (upstream * noise.view(1, 6, 3, 4, 2, 4, 2)).sum([1, 2, 4, 6]);
        var expected = ofNoise - alpha / 16 / sigma.detach();
        Comparison.Close(expected, sigma.grad!, relative: 1e-9, absolute: 1e-12);
    }

    [Fact]
    public void A_batch_in_two_parts_has_the_noise_of_the_whole()
    {
        using var scope = NewDisposeScope();
        var (input, sigma) = (Input(10, ScalarType.Float32, 4, 3, 9, 9), Sigma(11, ScalarType.Float32, 4, 3, 3));
        var whole = KdFunctional.NoiseProbe(input, sigma, 1, 2, 10, 3);
        var parts = cat(
        [
            KdFunctional.NoiseProbe(input.narrow(0, 0, 1), sigma.narrow(0, 0, 1), 1, 2, 10, 3),
            KdFunctional.NoiseProbe(input.narrow(0, 1, 3), sigma.narrow(0, 1, 3), 1, 2, 13, 3),
        ]);
        Assert.True(whole.Equals(parts));
    }

    [Fact]
    public void The_noise_is_made_again_in_backward_and_a_second_time()
    {
        using var scope = NewDisposeScope();
        var (input, sigma) = (Input(12, ScalarType.Float32, 1, 3, 16, 16), Sigma(13, ScalarType.Float32, 1, 4, 4));
        var copies = KdFunctional.NoiseProbe(input, sigma, 1, 2, samples: 4);
        var once = autograd.grad([copies.sum()], [sigma], retain_graph: true)[0].clone();
        var twice = autograd.grad([copies.sum()], [sigma])[0];
        Assert.True(once.Equals(twice));
        var noise = NoiseProbeComposed.Noise([1, 4, 3, 16, 16], new(1, 2, 0, 4));
        Comparison.Close(noise.view(12, 4, 4, 4, 4).sum([0, 2, 4]), once.squeeze(0), relative: 1e-5, absolute: 1e-4);
    }

    [Fact]
    public void Tensors_that_are_not_contiguous_give_what_a_copy_gives()
    {
        using var scope = NewDisposeScope();
        var input = Input(14, ScalarType.Float32, 2, 8, 8, 3).detach().permute(0, 3, 1, 2).requires_grad_();
        var sigma = Sigma(15, ScalarType.Float32, 2, 4, 4).detach().transpose(1, 2).requires_grad_();
        var actual = KdFunctional.NoiseProbe(input, sigma, 1, 2, samples: 2);
        Assert.True(actual.Equals(KdFunctional.NoiseProbe(input.contiguous(), sigma.contiguous(), 1, 2, samples: 2)));
        // An expanded upstream gradient has strides of 0.
        actual.sum().backward();
        Comparison.Close(full_like(input, 2), input.grad!, relative: 0, absolute: 0);
    }

    [Fact]
    public void No_images_give_no_copies_and_empty_gradients()
    {
        using var scope = NewDisposeScope();
        var (input, sigma) = (zeros(0, 3, 8, 8).requires_grad_(), ones(1, 2, 2).requires_grad_());
        var copies = KdFunctional.NoiseProbe(input, sigma, 1, 2, samples: 3);
        Assert.Equal([0, 3, 8, 8], copies.shape);
        copies.sum().backward();
        Assert.Equal([0, 3, 8, 8], input.grad!.shape);
        Assert.Equal([0, 0, 0, 0], Comparison.Values(sigma.grad!));
    }

    [Fact]
    public void The_module_counts_its_steps()
    {
        using var scope = NewDisposeScope();
        var (input, sigma) = (Input(16, ScalarType.Float32, 1, 3, 8, 8), Sigma(17, ScalarType.Float32, 1, 2, 2));
        using var module = new NoiseProbeModule(seed: 4, samples: 2) { Step = 5 };
        Assert.True(KdFunctional.NoiseProbe(input, sigma, 4, 5, samples: 2).Equals(module.call(input, sigma)));
        Assert.True(KdFunctional.NoiseProbe(input, sigma, 4, 6, samples: 2).Equals(module.call(input, sigma)));
        Assert.Equal(7u, module.Step);
    }

    internal static Tensor Input(long seed, ScalarType dtype, params long[] shape) =>
        Logits.Random(seed, dtype, shape).clamp(-4, 4).detach().requires_grad_();

    internal static Tensor Sigma(long seed, ScalarType dtype, params long[] shape) =>
        (Logits.Random(seed, dtype, shape).abs().clamp_max(2) + 0.1).detach().requires_grad_();
}
