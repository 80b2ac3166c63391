using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.SoftCrossEntropy;

public class SoftCrossEntropyTests
{
    public static TheoryData<double, KdReduction, bool, bool> Settings
    {
        get
        {
            var data = new TheoryData<double, KdReduction, bool, bool>();
            foreach (var reduction in Enum.GetValues<KdReduction>())
            {
                data.Add(1, reduction, false, false);
                data.Add(4, reduction, true, false);
                data.Add(0.5, reduction, false, true);
                data.Add(20, reduction, true, true);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradient_match_the_composed_operations(
        double temperature, KdReduction reduction, bool weighted, bool masked)
    {
        using var scope = NewDisposeScope();
        foreach (bool tSquared in new[] { false, true })
        {
            var (student, teacher) = (Input(1, 7, 13), Input(2, 7, 13).detach());
            var weights = weighted ? Weights(13) : null;
            var labels = masked ? Logits.Labels(3, 3, 7) : null;
            var fused = KdFunctional.SoftCrossEntropy(
                student, teacher, temperature, reduction, weights, labels, ignoreIndex: 1, tSquared);
            var composed = SoftCrossEntropyComposed.Loss(
                student, teacher, new(temperature, reduction) { TSquared = tSquared, IgnoreIndex = 1 }, weights, labels);
            Comparison.Close(composed, fused, relative: 1e-10, absolute: 1e-12);
            var upstream = Logits.Random(4, ScalarType.Float64, fused.shape);
            var expected = autograd.grad([composed], [student], [upstream])[0];
            Comparison.Close(expected, autograd.grad([fused], [student], [upstream])[0], relative: 1e-9, absolute: 1e-12);
        }
    }

    // From PyTorch 1.13 in float64: 4 * -(w * softmax(t/2) * log_softmax(s/2)).sum(1), and autograd of its mean over rows.
    [Fact]
    public void Matches_pytorch()
    {
        using var scope = NewDisposeScope();
        var student = tensor(new[,] { { 1, -2, 0.5 }, { 0, 3, -1.0 } }).requires_grad_();
        var teacher = tensor(new[,] { { 0.5, 1, 2 }, { 2, -4, 1.5 } });
        var weights = tensor(new[] { 1.5, 1, 1 });
        Comparison.Close(
            [5.323440818120362, 9.889550020361769],
            Comparison.Values(KdFunctional.SoftCrossEntropy(student, teacher, 2, KdReduction.None, weights)), 1e-13, 0);
        KdFunctional.SoftCrossEntropy(student, teacher, 2, KdReduction.BatchMean, weights).backward();
        Comparison.Close(
            [
                0.21543822287980194, -0.16763582204206556, -0.04780240083773653,
                -0.6111413539434255, 0.9101799623685182, -0.29903860842509283,
            ],
            Comparison.Values(student.grad!), 1e-12, 0);
    }

    [Fact]
    public void One_hot_teachers_give_torchs_weighted_cross_entropy()
    {
        using var scope = NewDisposeScope();
        var student = Input(5, 6, 4);
        var labels = Logits.Labels(6, 4, 6);
        var teacher = full([6, 4], double.NegativeInfinity, ScalarType.Float64)
            .scatter(1, labels.unsqueeze(1), zeros(6, 1, ScalarType.Float64));
        var weights = Weights(4);
        var expected = nn.functional.cross_entropy(student, labels, weights, reduction: nn.Reduction.Sum);
        var actual = KdFunctional.SoftCrossEntropy(student, teacher, 1, KdReduction.Sum, weights);
        Comparison.Close(expected, actual, relative: 1e-12, absolute: 0);
        Comparison.Close(
            autograd.grad([expected], [student])[0], autograd.grad([actual], [student])[0], relative: 1e-10, absolute: 1e-14);
    }

    [Theory, MemberData(nameof(Settings))]
    public void Both_orders_match_finite_differences(double temperature, KdReduction reduction, bool weighted, bool masked)
    {
        var (teacher, weights) = (Small(7, 3, 5).detach(), weighted ? Weights(5) : null);
        var labels = masked ? tensor(new long[] { 0, -100, 1 }) : null;
        Func<Tensor[], Tensor> loss = inputs =>
            KdFunctional.SoftCrossEntropy(inputs[0], teacher, temperature, reduction, weights, labels, tSquared: temperature < 20);
        GradCheck.FirstOrder(loss, Small(8, 3, 5));
        GradCheck.SecondOrder(loss, Small(8, 3, 5));
    }

    [Fact]
    public void An_image_batch_is_one_row_per_pixel()
    {
        using var scope = NewDisposeScope();
        var (images, teacher, weights) = (Input(9, 2, 5, 3, 4), Input(10, 2, 5, 3, 4).detach(), Weights(5));
        var actual = KdFunctional.SoftCrossEntropy(images, teacher, 2, KdReduction.None, weights, dim: 1);
        Assert.Equal([2, 3, 4], actual.shape);
        var flat = KdFunctional.SoftCrossEntropy(Flat(images), Flat(teacher), 2, KdReduction.None, weights);
        Comparison.Close(flat.view(2, 3, 4), actual, relative: 1e-12, absolute: 0);
        Comparison.Close(
            autograd.grad([flat.sum()], [images])[0], autograd.grad([actual.sum()], [images])[0], 1e-9, 1e-13);

        static Tensor Flat(Tensor x) => x.permute(0, 2, 3, 1).reshape(-1, 5);
    }

    [Fact]
    public void The_module_gives_what_the_function_gives_and_owns_its_weights()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, weights) = (Input(11, 3, 5), Input(12, 3, 5).detach(), Weights(5));
        using var module = new SoftCrossEntropyLoss(3, KdReduction.Sum, weights, tSquared: false);
        var expected = KdFunctional.SoftCrossEntropy(student, teacher, 3, KdReduction.Sum, weights.clone(), tSquared: false);
        weights.zero_();
        Assert.True(expected.Equals(module.call(student, teacher)));
        Assert.Equal(["class_weights"], module.state_dict().Keys);
        Assert.Empty(module.parameters());
        using var plain = new SoftCrossEntropyLoss(1, KdReduction.BatchMean);
        Assert.True(KdFunctional.SoftCrossEntropy(student, teacher, 1, KdReduction.BatchMean).Equals(plain.call(student, teacher)));
    }

    [Fact]
    public void No_rows_give_an_empty_result_and_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        var student = zeros(0, 5).requires_grad_();
        Assert.Equal([0], KdFunctional.SoftCrossEntropy(student, zeros(0, 5), 1, KdReduction.None).shape);
        Assert.True(double.IsNaN(KdFunctional.SoftCrossEntropy(student, zeros(0, 5), 1, KdReduction.BatchMean).ToDouble()));
        KdFunctional.SoftCrossEntropy(student, zeros(0, 5), 1, KdReduction.Sum).backward();
        Assert.Equal([0, 5], student.grad!.shape);
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var student = Input(13, 5, 7);
        var loss = KdFunctional.SoftCrossEntropy(student, Input(14, 5, 7).detach(), 4, KdReduction.BatchMean, Weights(7));
        var once = autograd.grad([loss], [student], retain_graph: true)[0].clone();
        var scaled = autograd.grad([loss * 3], [student], retain_graph: true)[0];
        for (int i = 0; i < 3; i++) loss.backward(retain_graph: true);
        Comparison.Close(once * 3, scaled, relative: 1e-12, absolute: 0);
        Comparison.Close(once * 3, student.grad!, relative: 1e-12, absolute: 0);
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var (student, teacher, weights) = (Input(15, 3, 5), Input(16, 3, 5).detach(), Weights(5));
        var labels = tensor(new long[] { 0, -100, 1 });
        Leaks.None(() => KdFunctional.SoftCrossEntropy(student, teacher, 4, reduction, weights, labels).sum().backward(), student);
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var z = zeros(4, 3);
        Refused<ArgumentOutOfRangeException>(
            "expected a temperature in (0, ∞) but got Infinity",
            () => KdFunctional.SoftCrossEntropy(z, z, double.PositiveInfinity, KdReduction.Sum));
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9", () => KdFunctional.SoftCrossEntropy(z, z, 1, (KdReduction)9));
        Refused<ArgumentException>(
            "expected teacher logits without a gradient",
            () => KdFunctional.SoftCrossEntropy(z, zeros(4, 3).requires_grad_(), 1, KdReduction.Sum));
        Refused<ArgumentException>(
            "expected one weight per class, shape [3], but got [4]",
            () => KdFunctional.SoftCrossEntropy(z, z, 1, KdReduction.Sum, zeros(4)));
        Refused<ArgumentException>(
            "expected one label per row, shape [4], but got [3]",
            () => KdFunctional.SoftCrossEntropy(z, z, 1, KdReduction.Sum, null, zeros(3, ScalarType.Int64)));
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 on cpu but got Float16",
            () => KdFunctional.SoftCrossEntropy(zeros(4, 3, ScalarType.Float16), z, 1, KdReduction.Sum));
        Refused<ArgumentOutOfRangeException>("temperature", () => new SoftCrossEntropyLoss(0, KdReduction.Sum));
    }

    private static void Refused<T>(string message, Func<object> call)
        where T : Exception => Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);

    private static Tensor Weights(long classes) =>
        where(arange(classes) == 0, tensor(1.5, ScalarType.Float64), linspace(0.5, 1, classes, ScalarType.Float64));

    private static Tensor Input(long seed, params long[] shape) =>
        Logits.Random(seed, ScalarType.Float64, shape).requires_grad_();

    private static Tensor Small(long seed, params long[] shape) =>
        (Logits.Random(seed, ScalarType.Float64, shape) * 0.5).clamp(-4, 4).detach().requires_grad_();
}
