using KdKernels.Tests.TemperedKl;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.HintonLoss;

public class HintonLossTests
{
    // From PyTorch 1.13 in float64: 0.1·cross_entropy + 0.9·16·kl_div(..., 'batchmean') at T = 4, and autograd of it.
    [Fact]
    public void Matches_pytorch()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, labels) = TemperedKlTests.Vectors();
        using var result = KdFunctional.HintonLoss(student.requires_grad_(), teacher, labels, 4, 0.9, KdReduction.BatchMean);
        result.Loss.backward();
        Comparison.Close([4.640884625085441], Comparison.Values(result.Loss), 1e-12, 0);
        Comparison.Close([3.688467341207557], Comparison.Values(result.CrossEntropy), 1e-12, 0);
        Comparison.Close([(1.7569053114911197 + 7.239441958456031 + 5.243779033268465) / 3], Comparison.Values(result.Kl), 1e-12, 0);
        Comparison.Close(
            [
                0.032310092039665755, -0.20634097968670242, 0.08041862593956418, 0.09361226170747237,
                -0.3558740063876816, -0.009657006721527375, 0.49331043837684263, -0.12777942526763372,
                -0.14195547938303274, 0.14928695428262617, 0.30460122144380586, -0.3119326963433994,
            ],
            Comparison.Values(student.grad!), 1e-12, 0);
    }

    [Theory]
    [InlineData(0.0, KdReduction.BatchMean)]
    [InlineData(0.3, KdReduction.None)]
    [InlineData(0.9, KdReduction.Mean)]
    [InlineData(1.0, KdReduction.Sum)]
    public void Value_and_gradient_match_the_composed_operations(double alpha, KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(31, ScalarType.Float64, 3, 6, 5, 4).requires_grad_();
        var teacher = Logits.Random(32, ScalarType.Float64, 3, 6, 5, 4);
        var labels = Logits.Labels(33, 6, 3, 5, 4);
        labels[0, 0, 0] = tensor(255L);
        var weights = rand(6, ScalarType.Float64) + 0.5;
        var fused = KdFunctional.HintonLoss(student, teacher, labels, 3, alpha, reduction, weights, ignoreIndex: 255, dim: 1).Loss;
        var composed = HintonLossComposed.Loss(student, teacher, labels, 3, alpha, reduction, weights, ignoreIndex: 255, dim: 1);
        Comparison.Close(composed, fused, relative: 1e-10, absolute: 1e-12);
        var upstream = Logits.Random(34, ScalarType.Float64, fused.shape);
        Comparison.Close(
            autograd.grad([composed], [student], [upstream])[0], autograd.grad([fused], [student], [upstream])[0],
            relative: 1e-9, absolute: 1e-12);
    }

    [Fact]
    public void Metrics_match_torch()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(35, ScalarType.Float64, 40, 10);
        var teacher = Logits.Random(36, ScalarType.Float64, 40, 10);
        var labels = Logits.Labels(37, 10, 40);
        labels.narrow(0, 0, 4).fill_(-100);
        using var result = KdFunctional.HintonLoss(student, teacher, labels, 2, 0.5, KdReduction.BatchMean);
        var valid = labels != -100;
        var (s, t) = (student[valid], teacher[valid]);
        var kept = labels[valid];
        Comparison.Close(nn.functional.cross_entropy(s, kept), result.CrossEntropy, 1e-12, 0);
        Comparison.Close(Entropy(s / 2).mean(), result.StudentEntropy, 1e-10, 0);
        Comparison.Close(Entropy(t / 2).mean(), result.TeacherEntropy, 1e-10, 0);
        Assert.Equal((s.argmax(1) == kept).sum().item<long>(), result.Top1Hits.item<long>());
        Assert.Equal((s.argmax(1) == t.argmax(1)).sum().item<long>(), result.Agreement.item<long>());

        using var rows = KdFunctional.HintonLoss(student, teacher, labels, 2, 0.5, KdReduction.None);
        Assert.Equal([40], rows.Top1Hits.shape);
        Assert.Equal(result.Top1Hits.item<long>(), rows.Top1Hits.sum().item<long>());
        Comparison.Close(result.Kl, rows.Kl.sum() / kept.numel(), 1e-10, 0);

        static Tensor Entropy(Tensor logits) => -(logits.softmax(1) * logits.log_softmax(1)).sum(1);
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void First_and_second_order_match_finite_differences(KdReduction reduction)
    {
        var teacher = (Logits.Random(38, ScalarType.Float64, 3, 5) * 0.5).clamp(-4, 4);
        var student = (Logits.Random(39, ScalarType.Float64, 3, 5) * 0.5).clamp(-4, 4).detach().requires_grad_();
        var labels = tensor(new long[] { 4, -100, 2 });
        Func<Tensor[], Tensor> loss = inputs => KdFunctional.HintonLoss(inputs[0], teacher, labels, 3, 0.7, reduction).Loss;
        GradCheck.FirstOrder(loss, student);
        GradCheck.SecondOrder(loss, student);
    }

    [Fact]
    public void The_module_gives_what_the_function_gives_and_follows_a_schedule()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, labels) = TemperedKlTests.Vectors();
        using var module = new KdKernels.HintonLoss(temperature: 4, alpha: 0.9, KdReduction.BatchMean);
        Comparison.Close([4.640884625085441], Comparison.Values(module.call(student, teacher, labels)), 1e-12, 0);
        (module.Temperature, module.Alpha) = (1, 1);
        Comparison.Close([(1.0696194159591992 + 2.1542100094239616 + 1.7485428476767866) / 3],
            Comparison.Values(module.call(student, teacher, labels)), 1e-12, 0);
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void Labels_and_weights_may_be_disposed_before_backward(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(43, ScalarType.Float64, 4, 5).requires_grad_();
        var teacher = Logits.Random(44, ScalarType.Float64, 4, 5);
        Tensor Gradient(bool dispose)
        {
            var labels = tensor(new long[] { 4, -100, 2, 0 });
            var weights = tensor(new[] { 0.5, 1, 2, 1.5, 0.25 });
            var loss = KdFunctional.HintonLoss(student, teacher, labels, 3, 0.7, reduction, weights).Loss;
            var kl = KdFunctional.TemperedKl(student, teacher, 3, reduction, weights, labels);
            if (dispose)
            {
                labels.Dispose();
                weights.Dispose();
            }
            return autograd.grad([(loss + kl).sum()], [student], create_graph: dispose)[0];
        }
        Comparison.Close(Gradient(dispose: false), Gradient(dispose: true), relative: 1e-9, absolute: 1e-12);
    }

    [Fact]
    public void Labels_changed_before_backward_are_reported()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(45, ScalarType.Float64, 2, 5).requires_grad_();
        var labels = tensor(new long[] { 4, 2 });
        var loss = KdFunctional.HintonLoss(
            student, Logits.Random(46, ScalarType.Float64, 2, 5), labels, 3, 0.7, KdReduction.None).Loss;
        labels.fill_(0);
        var refusal = Assert.ThrowsAny<Exception>(() => loss.sum().backward());
        Assert.Contains("modified by an inplace operation", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_a_teacher_that_wants_a_gradient() =>
        Refused<ArgumentException>(
            "expected teacher logits without a gradient",
            () => KdFunctional.HintonLoss(zeros(2, 3), zeros(2, 3).requires_grad_(), zeros(2, ScalarType.Int64), 4, 0.9, KdReduction.Sum));

    [Fact]
    public void Rejects_a_label_outside_the_classes()
    {
        var labels = tensor(new long[] { 0, 7 });
        var refusal = Assert.ThrowsAny<ArgumentException>(() => KdFunctional.HintonLoss(zeros(2, 3), zeros(2, 3), labels, 4, 0.9, KdReduction.Sum));
        Assert.Contains("7", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("[0, 3)", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Rejects_an_alpha_that_is_no_fraction(double alpha) =>
        Refused<ArgumentOutOfRangeException>(
            $"expected a number in [0, 1] but got {alpha}",
            () => KdFunctional.HintonLoss(zeros(2, 3), zeros(2, 3), zeros(2, ScalarType.Int64), 4, alpha, KdReduction.Sum));

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        using var outer = NewDisposeScope();
        var student = Logits.Random(40, ScalarType.Float32, 8, 10).requires_grad_();
        var teacher = Logits.Random(41, ScalarType.Float32, 8, 10);
        var labels = Logits.Labels(42, 10, 8);
        long before = statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 10; i++)
        {
            using var scope = NewDisposeScope();
            var result = KdFunctional.HintonLoss(student, teacher, labels, 4, 0.9, KdReduction.BatchMean);
            result.Loss.backward();
            _ = result.Top1Hits.item<long>();
            student.grad = null;
        }
        Assert.Equal(before, statistics.ThreadTotalLiveCount);
    }

    private static void Refused<T>(string message, Func<HintonLossResult> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
