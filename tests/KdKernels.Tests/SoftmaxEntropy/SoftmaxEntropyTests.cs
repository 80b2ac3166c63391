using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.SoftmaxEntropy;

public class SoftmaxEntropyTests
{
    public static TheoryData<double, KdReduction> Settings
    {
        get
        {
            var data = new TheoryData<double, KdReduction>();
            foreach (double temperature in new[] { 0.5, 1, 4, 20 })
            {
                foreach (var reduction in Enum.GetValues<KdReduction>()) data.Add(temperature, reduction);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradient_match_the_composed_operations(double temperature, KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(1, ScalarType.Float64, 7, 13).requires_grad_();
        var fused = KdFunctional.SoftmaxEntropy(logits, temperature, reduction);
        var composed = SoftmaxEntropyComposed.Loss(logits, new(temperature, reduction));
        Comparison.Close(composed, fused, relative: 1e-10, absolute: 1e-12);

        var upstream = Logits.Random(2, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [logits], [upstream])[0];
        var actual = autograd.grad([fused], [logits], [upstream])[0];
        Comparison.Close(expected, actual, relative: 1e-9, absolute: 1e-12);
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradient_match_the_oracle(double temperature, KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(3, ScalarType.Float32, 9, 33).requires_grad_();
        var oracle = SoftmaxEntropyOracle.Compute(
            Comparison.Values(logits), 33, temperature, Enum.Parse<OracleReduction>(reduction.ToString()));
        var loss = KdFunctional.SoftmaxEntropy(logits, temperature, reduction);
        double[] expected = reduction == KdReduction.None ? oracle.RowEntropies : [oracle.Loss];
        Comparison.Close(expected, Comparison.Values(loss), relative: 8e-6, absolute: 1e-32);
        loss.sum().backward();
        Comparison.Close(oracle.Gradient, Comparison.Values(logits.grad!), relative: 1e-5, absolute: 1e-7);
    }

    // From PyTorch 1.13 in float64: -(softmax(z/T) * log_softmax(z/T)).sum(1), and autograd of its mean over rows.
    [Fact]
    public void Matches_pytorch()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new double[,] { { 1, -2, 0.5, 3 }, { 0, 0, 10, -1 }, { -4, 2, 2, 1 } }).requires_grad_();
        Comparison.Close(
            PyTorchRows, Comparison.Values(KdFunctional.SoftmaxEntropy(logits, 2, KdReduction.None)), 1e-12, 0);
        KdFunctional.SoftmaxEntropy(logits, 2, KdReduction.BatchMean).backward();
        Comparison.Close(PyTorchGradient, Comparison.Values(logits.grad!), 1e-12, 1e-16);
    }

    [Fact]
    public void An_image_batch_is_one_row_per_pixel()
    {
        using var scope = NewDisposeScope();
        var images = Logits.Random(4, ScalarType.Float32, 2, 5, 3, 4).requires_grad_();
        var actual = KdFunctional.SoftmaxEntropy(images, 2, KdReduction.None, dim: 1);
        Assert.Equal([2, 3, 4], actual.shape);
        var flat = KdFunctional.SoftmaxEntropy(images.permute(0, 2, 3, 1).reshape(-1, 5), 2, KdReduction.None);
        Comparison.Close(flat.view(2, 3, 4), actual, relative: 2e-6, absolute: 0);
        var direct = autograd.grad([actual.sum()], [images])[0];
        Comparison.Close(autograd.grad([flat.sum()], [images])[0], direct, relative: 1e-5, absolute: 1e-7);
    }

    public static TheoryData<string> Memories => ["sliced", "channels last", "transposed", "expanded", "offset", "three strides"];

    [Theory, MemberData(nameof(Memories))]
    public void Any_strides_give_what_a_contiguous_copy_gives(string memory)
    {
        using var scope = NewDisposeScope();
        var whole = Logits.Random(5, ScalarType.Float64, 3, 6, 4, 6);
        var (logits, dim) = memory switch
        {
            "sliced" => (whole.view(3, 24, 6).narrow(1, 0, 23), 2L),
            "channels last" => (whole.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2), 1),
            "transposed" => (whole.transpose(2, 3), 1),
            "expanded" => (whole.narrow(0, 0, 1).expand(3, 6, 4, 6), 1),
            "three strides" => (whole.narrow(2, 0, 3).narrow(3, 1, 4), 1),
            _ => (whole.view(72, 6).narrow(0, 5, 20), 1),
        };
        var plain = logits.contiguous().detach().requires_grad_();
        logits = logits.detach().requires_grad_();
        foreach (var reduction in new[] { KdReduction.BatchMean, KdReduction.None })
        {
            var expected = KdFunctional.SoftmaxEntropy(plain, 4, reduction, dim);
            var actual = KdFunctional.SoftmaxEntropy(logits, 4, reduction, dim);
            Comparison.Close(expected, actual, relative: 1e-12, absolute: 0);
            Comparison.Close(
                autograd.grad([expected.sum()], [plain])[0], autograd.grad([actual.sum()], [logits])[0], 1e-10, 1e-14);
        }
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(6, ScalarType.Float32, 2, 5, 3);
        using var module = new SoftmaxEntropyLoss(temperature: 3, KdReduction.Sum, dim: 1);
        Assert.True(KdFunctional.SoftmaxEntropy(logits, 3, KdReduction.Sum, dim: 1).Equals(module.call(logits)));
        module.Temperature = 2;
        Assert.True(KdFunctional.SoftmaxEntropy(logits, 2, KdReduction.Sum, dim: 1).Equals(module.call(logits)));
    }

    [Fact]
    public void No_rows_give_an_empty_result_and_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        var logits = zeros(0, 5).requires_grad_();
        Assert.Equal([0], KdFunctional.SoftmaxEntropy(logits, 1, KdReduction.None).shape);
        Assert.True(double.IsNaN(KdFunctional.SoftmaxEntropy(logits, 1, KdReduction.BatchMean).ToDouble()));
        KdFunctional.SoftmaxEntropy(logits, 1, KdReduction.Sum).backward();
        Assert.Equal([0, 5], logits.grad!.shape);
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(7, ScalarType.Float32, 5, 7).requires_grad_();
        var loss = KdFunctional.SoftmaxEntropy(logits, 4, KdReduction.BatchMean);
        var once = autograd.grad([loss], [logits], retain_graph: true)[0].clone();
        var scaled = autograd.grad([loss * 3], [logits], retain_graph: true)[0];
        for (int i = 0; i < 3; i++) loss.backward(retain_graph: true);
        Comparison.Close(once * 3, scaled, relative: 1e-6, absolute: 0);
        Comparison.Close(once * 3, logits.grad!, relative: 1e-6, absolute: 1e-9);
    }

    private static readonly double[] PyTorchRows = [1.0881276644744946, 0.105716051294017, 1.1473370841629367];

    private static readonly double[] PyTorchGradient =
    [
        0.016373775056455812, 0.015471285072515793, 0.019626605845792358, -0.05147166597476395,
        0.005420589174528679, 0.005420589174528679, -0.014463618180088721, 0.003622439831031365,
        0.008839158226695244, -0.010691255753896105, -0.010691255753896105, 0.012543353281096962,
    ];
}
