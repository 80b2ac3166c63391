using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.VidLikelihood;

public class VidLikelihoodTests
{
    public static TheoryData<KdReduction> Reductions => [.. Enum.GetValues<KdReduction>()];

    [Theory, MemberData(nameof(Reductions))]
    public void Value_and_gradients_match_the_composed_operations(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        foreach (long[] shape in new long[][] { [6, 5], [3, 5, 7], [2, 5, 3, 4], [2, 5, 2, 3, 2] })
        {
            foreach (bool constant in new[] { false, true })
            {
                var (student, teacher, rho) = (Input(1, shape), Input(2, shape).detach(), Rho(5));
                var fused = KdFunctional.VidLikelihood(student, teacher, rho, reduction, 1e-3, constant);
                var composed = VidLikelihoodComposed.Loss(
                    student, teacher, rho, new(reduction) { Epsilon = 1e-3, WithConstant = constant });
                Comparison.Close(composed, fused, relative: 1e-11, absolute: 0);
                var upstream = Logits.Random(3, ScalarType.Float64, fused.shape);
                var expected = autograd.grad([composed], [student, rho], [upstream]);
                var actual = autograd.grad([fused], [student, rho], [upstream]);
                Comparison.Close(expected[0], actual[0], relative: 1e-11, absolute: 0);
                Comparison.Close(expected[1], actual[1], relative: 1e-9, absolute: 1e-12);
            }
        }
    }

    // From PyTorch 1.13 in float64: (0.5 * ((t - mu) ** 2 / v + torch.log(v))).mean() with v = torch.log1p(torch.exp(rho)) + 1e-5.
    [Fact]
    public void Matches_pytorch()
    {
        using var scope = NewDisposeScope();
        var student = tensor(new[, ,] { { { 1.0, -2 }, { 0.5, 3 } }, { { 0, 0.25 }, { 1, -1 } } }).requires_grad_();
        var teacher = tensor(new[, ,] { { { 0.5, 1 }, { 2, 2.0 } }, { { -4, 2 }, { 1.5, 1 } } });
        var rho = tensor(new[] { -0.5, 1.25 }).requires_grad_();
        var loss = KdFunctional.VidLikelihood(student, teacher, rho, KdReduction.Mean);
        Comparison.Close([PyTorchLoss], Comparison.Values(loss), 1e-13, 0);
        loss.backward();
        Comparison.Close(PyTorchStudentGradient, Comparison.Values(student.grad!), 1e-13, 0);
        Comparison.Close(PyTorchRhoGradient, Comparison.Values(rho.grad!), 1e-13, 0);
    }

    [Theory, MemberData(nameof(Reductions))]
    public void Both_orders_match_finite_differences(KdReduction reduction)
    {
        Func<Tensor[], Tensor> loss = inputs =>
            KdFunctional.VidLikelihood(inputs[0], inputs[1].detach(), inputs[2], reduction, epsilon: 0.01);
        GradCheck.FirstOrder(loss, Small(4, 2, 3, 2, 2), Small(5, 2, 3, 2, 2).detach(), Rho(3));
        GradCheck.SecondOrder(loss, Small(4, 2, 3, 2, 2), Small(5, 2, 3, 2, 2).detach(), Rho(3));
    }

    [Fact]
    public void Channels_last_memory_is_read_in_place()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, rho) = (Input(6, 2, 5, 3, 4), Input(7, 2, 5, 3, 4).detach(), Rho(5));
        var (last, teacherLast) = (ChannelsLast(student.detach()).requires_grad_(), ChannelsLast(teacher));
        foreach (var reduction in Enum.GetValues<KdReduction>())
        {
            var expected = KdFunctional.VidLikelihood(student, teacher, rho, reduction);
            foreach (var t in new[] { teacher, teacherLast })
            {
                var actual = KdFunctional.VidLikelihood(last, t, rho, reduction);
                Comparison.Close(expected, actual, relative: 1e-12, absolute: 0);
                var one = autograd.grad([expected.sum()], [student, rho], retain_graph: true);
                var two = autograd.grad([actual.sum()], [last, rho]);
                Comparison.Close(one[0], two[0], relative: 1e-12, absolute: 0);
                Comparison.Close(one[1], two[1], relative: 1e-10, absolute: 1e-13);
                Assert.Equal(last.stride(), two[0].stride());
            }
        }
    }

    [Fact]
    public void Rho_is_a_parameter_that_is_trained_and_saved()
    {
        // mdistiller keeps it in a Python list: neither trained nor saved, its variances stay 5 for ever.
        using var scope = NewDisposeScope();
        using var module = new VidLikelihoodLoss(4);
        var (name, parameter) = Assert.Single(module.named_parameters());
        Assert.Equal("rho", name);
        Assert.True(parameter.requires_grad);
        Assert.Equal(["rho"], module.state_dict().Keys);
        Assert.Same(parameter, module.Rho);

        double before = module.Rho.mean().ToDouble();
        using var optimizer = optim.SGD(module.parameters(), learningRate: 1);
        module.call(zeros(8, 4, 2, 2), zeros(8, 4, 2, 2)).backward();
        optimizer.step();
        Assert.True(module.Rho.mean().ToDouble() < before, "features without residual must shrink the variance");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(0.01)]
    [InlineData(200)]
    public void The_module_starts_from_the_wanted_variance(double variance)
    {
        using var scope = NewDisposeScope();
        using var module = new VidLikelihoodLoss(3, variance: variance, dtype: ScalarType.Float64);
        var features = zeros(2, 3, ScalarType.Float64);
        Assert.Equal(0.5 * Math.Log(variance), module.call(features, features).ToDouble(), 10);
        using var withConstant = new VidLikelihoodLoss(3, variance: variance, withConstant: true, dtype: ScalarType.Float64);
        Assert.Equal(0.5 * Math.Log(2 * Math.PI * variance), withConstant.call(features, features).ToDouble(), 10);
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(8, 2, 3, 4), Input(9, 2, 3, 4).detach());
        using var module = new VidLikelihoodLoss(3, KdReduction.None, epsilon: 1e-3, dtype: ScalarType.Float64);
        Assert.True(KdFunctional.VidLikelihood(student, teacher, module.Rho, KdReduction.None, 1e-3)
            .Equals(module.call(student, teacher)));
    }

    [Fact]
    public void Either_side_may_be_frozen()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, rho) = (Input(10, 4, 3), Input(11, 4, 3).detach(), Rho(3));
        foreach (var reduction in new[] { KdReduction.Mean, KdReduction.None })
        {
            KdFunctional.VidLikelihood(student.detach(), teacher, rho, reduction).sum().backward();
            KdFunctional.VidLikelihood(student, teacher, rho.detach(), reduction).sum().backward();
        }
        Assert.NotNull(student.grad);
        Assert.NotNull(rho.grad);
    }

    [Fact]
    public void No_rows_give_an_empty_result_and_no_gradient()
    {
        using var scope = NewDisposeScope();
        var (student, rho) = (zeros(0, 3, 2).requires_grad_(), zeros(3).requires_grad_());
        Assert.Equal([0, 2], KdFunctional.VidLikelihood(student, zeros(0, 3, 2), rho, KdReduction.None).shape);
        var loss = KdFunctional.VidLikelihood(student, zeros(0, 3, 2), rho, KdReduction.Mean);
        Assert.True(double.IsNaN(loss.ToDouble()));
        loss.backward();
        Assert.Equal([0, 3, 2], student.grad!.shape);
        Assert.Equal([0, 0, 0], Comparison.Values(rho.grad!));
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var (student, rho) = (Input(12, 5, 7), Rho(7));
        var loss = KdFunctional.VidLikelihood(student, Input(13, 5, 7).detach(), rho, KdReduction.Mean);
        var once = autograd.grad([loss], [student, rho], retain_graph: true).Select(g => g.clone()).ToArray();
        var scaled = autograd.grad([loss * 3], [student, rho], retain_graph: true);
        for (int i = 0; i < 3; i++) loss.backward(retain_graph: true);
        foreach (var (i, leaf) in new[] { (0, student), (1, rho) })
        {
            Comparison.Close(once[i] * 3, scaled[i], relative: 1e-12, absolute: 0);
            Comparison.Close(once[i] * 3, leaf.grad!, relative: 1e-12, absolute: 0);
        }
    }

    [Theory]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var (student, teacher, rho) = (Input(14, 3, 5), Input(15, 3, 5).detach(), Rho(5));
        Leaks.None(() => KdFunctional.VidLikelihood(student, teacher, rho, reduction).sum().backward(), student, rho);
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var (z, rho) = (zeros(4, 3), zeros(3));
        Refused<ArgumentException>(
            "expected shape [4, 3], as student has, but got [4, 5]",
            () => KdFunctional.VidLikelihood(z, zeros(4, 5), rho, KdReduction.Mean));
        Refused<ArgumentException>(
            "expected shape [3] but got [4]", () => KdFunctional.VidLikelihood(z, z, zeros(4), KdReduction.Mean));
        Refused<ArgumentException>(
            "expected dtype Float32, as the rows has, but got Float64",
            () => KdFunctional.VidLikelihood(z, z, zeros(3, ScalarType.Float64), KdReduction.Mean));
        Refused<ArgumentException>(
            "expected teacher without a gradient",
            () => KdFunctional.VidLikelihood(z, zeros(4, 3).requires_grad_(), rho, KdReduction.Mean));
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9", () => KdFunctional.VidLikelihood(z, z, rho, (KdReduction)9));
        Refused<ArgumentOutOfRangeException>(
            "expected an epsilon in [1e-30, 1e30] but got 0", () => KdFunctional.VidLikelihood(z, z, rho, KdReduction.Mean, 0));
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 on cpu but got BFloat16",
            () => KdFunctional.VidLikelihood(zeros(4, 3, ScalarType.BFloat16), z, rho, KdReduction.Mean));
        Refused<ArgumentOutOfRangeException>("channels", () => new VidLikelihoodLoss(0));
        Refused<ArgumentOutOfRangeException>(
            "expected a finite variance above epsilon", () => new VidLikelihoodLoss(3, variance: 0));
    }

    private static void Refused<T>(string message, Func<object> call)
        where T : Exception => Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);

    private static Tensor ChannelsLast(Tensor tensor) => tensor.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private static Tensor Input(long seed, params long[] shape) =>
        Logits.Random(seed, ScalarType.Float64, shape).requires_grad_();

    private static Tensor Small(long seed, params long[] shape) =>
        (Logits.Random(seed, ScalarType.Float64, shape) * 0.5).clamp(-4, 4).detach().requires_grad_();

    private static Tensor Rho(long channels) => linspace(-1.5, 2.5, channels, ScalarType.Float64).requires_grad_();

    private const double PyTorchLoss = 3.9596980150007672;

    private static readonly double[] PyTorchStudentGradient =
    [
        0.13183234740790967, -0.790994084447458, -0.12483861850911124, 0.08322574567274083,
        1.0546587792632773, -0.4614132159276838, -0.04161287283637041, -0.16645149134548165,
    ];

    private static readonly double[] PyTorchRhoGradient = [-2.7733025424309132, -0.0321368805145027];
}
