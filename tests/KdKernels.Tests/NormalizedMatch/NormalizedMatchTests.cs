using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.NormalizedMatch;

public class NormalizedMatchTests
{
    public static TheoryData<KdReduction> Reductions => [.. Enum.GetValues<KdReduction>()];

    [Theory, MemberData(nameof(Reductions))]
    public void Value_and_gradient_match_the_composed_operations(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(1, ScalarType.Float64, 7, 3, 5).requires_grad_();
        var teacher = Logits.Random(2, ScalarType.Float64, 7, 3, 5);
        var fused = KdFunctional.NormalizedMatch(student, teacher, reduction);
        var composed = NormalizedMatchComposed.Loss(student, teacher, new(reduction));
        Comparison.Close(composed, fused, relative: 1e-12, absolute: 1e-14);
        var upstream = Logits.Random(3, ScalarType.Float64, fused.shape);
        Comparison.Close(
            autograd.grad([composed], [student], [upstream])[0], autograd.grad([fused], [student], [upstream])[0], 1e-10, 1e-13);
    }

    [Fact]
    public void It_is_two_minus_two_cosines()
    {
        using var scope = NewDisposeScope();
        var (s, t) = (Logits.Random(4, ScalarType.Float64, 9, 33), Logits.Random(5, ScalarType.Float64, 9, 33));
        Comparison.Close(
            2 - (2 * nn.functional.cosine_similarity(s, t)), KdFunctional.NormalizedMatch(s, t, KdReduction.None), 1e-12, 0);
    }

    [Theory, MemberData(nameof(Reductions))]
    public void Both_orders_match_finite_differences(KdReduction reduction)
    {
        var teacher = Logits.Random(7, ScalarType.Float64, 3, 5);
        Func<Tensor[], Tensor> loss = inputs => KdFunctional.NormalizedMatch(inputs[0], teacher, reduction);
        GradCheck.FirstOrder(loss, Logits.Random(6, ScalarType.Float64, 3, 5).requires_grad_());
        GradCheck.SecondOrder(loss, Logits.Random(6, ScalarType.Float64, 3, 5).requires_grad_());
    }

    [Fact]
    public void Clamped_norms_match_finite_differences()
    {
        var teacher = Logits.Random(8, ScalarType.Float64, 3, 5);
        // Above the norm of the teacher, of neither.
        foreach (var (size, epsilon) in new[] { (1e6, 1e3), (1, 1e-12) })
        {
            GradCheck.FirstOrder(
                inputs => KdFunctional.NormalizedMatch(inputs[0] * size, teacher, KdReduction.Sum, epsilon),
                Logits.Random(9, ScalarType.Float64, 3, 5).requires_grad_());
        }
    }

    [Fact]
    public void A_dead_row_has_no_gradient_of_either_order()
    {
        using var scope = NewDisposeScope();
        var student = cat([zeros(1, 5, ScalarType.Float64), Logits.Random(9, ScalarType.Float64, 1, 5)]).requires_grad_();
        var teacher = Logits.Random(8, ScalarType.Float64, 2, 5);
        var first = autograd.grad([KdFunctional.NormalizedMatch(student, teacher, KdReduction.Sum)], [student], create_graph: true)[0];
        var second = autograd.grad([first.square().sum()], [student])[0];
        foreach (var gradient in new[] { first, second })
        {
            Assert.Equal(0, gradient[0].abs().sum().item<double>());
            Assert.True(gradient[1].abs().sum().item<double>() > 0);
        }
    }

    [Fact]
    public void A_zero_map_has_no_nan_in_loss_or_gradient()
    {
        using var scope = NewDisposeScope();
        var student = zeros(2, 5).requires_grad_();
        KdFunctional.NormalizedMatch(student, zeros(2, 5), KdReduction.BatchMean).backward();
        Assert.Equal(0, student.grad!.abs().sum().item<float>());
    }

    // methods.md §4: one norm for the batch instead of one per sample.
    [Fact]
    public void A_norm_of_the_whole_batch_is_another_loss()
    {
        using var scope = NewDisposeScope();
        var teacher = Logits.Random(10, ScalarType.Float64, 4, 6);
        // A student right in direction and of another scale per sample: nothing to learn.
        var student = teacher * tensor(new double[,] { { 1 }, { 10 }, { 0.1 }, { 3 } });
        Assert.True(KdFunctional.NormalizedMatch(student, teacher, KdReduction.Sum).item<double>() < 1e-25);
        Assert.True(KdFunctional.NormalizedMatch(student.view(1, -1), teacher.view(1, -1), KdReduction.Sum).item<double>() > 0.1);
    }

    // methods.md §4: one-hot masks made by assignment light every argmax column for every sample, or one element of row 0.
    [Fact]
    public void A_row_of_the_jacobian_per_sample_is_picked_by_gathering_not_by_assigning_to_columns()
    {
        using var scope = NewDisposeScope();
        var x = Logits.Random(11, ScalarType.Float64, 3, 4).requires_grad_();
        var weights = Logits.Random(12, ScalarType.Float64, 4, 5);
        var z = x.matmul(weights);
        var labels = tensor(new long[] { 4, 0, 2 });
        var picked = autograd.grad([z.gather(1, labels.unsqueeze(1)).sum()], [x], retain_graph: true)[0];
        Comparison.Close(weights.t().index_select(0, labels), picked, 1e-12, 0);
        var columns = zeros_like(z);
        columns.index_fill_(1, labels, 1);
        var trap = autograd.grad([z], [x], [columns])[0];
        Assert.True(KdFunctional.NormalizedMatch(trap, picked, KdReduction.Sum).item<double>() > 0.1);
    }

    public static TheoryData<string> Memories => ["sliced rows", "strided", "transposed", "channels last", "expanded"];

    [Theory, MemberData(nameof(Memories))]
    public void Any_strides_give_what_a_contiguous_copy_gives(string memory)
    {
        using var scope = NewDisposeScope();
        var whole = Logits.Random(13, ScalarType.Float64, 6, 4, 6, 5);
        var student = memory switch
        {
            "sliced rows" => whole[1..4],
            "strided" => whole[.., 1, 2..3, ..].transpose(1, 2),
            "transposed" => whole.transpose(0, 2),
            "channels last" => whole.permute(0, 2, 3, 1),
            _ => whole[0].unsqueeze(0).expand(6, 4, 6, 5),
        };
        student = student.detach().requires_grad_();
        var plain = student.detach().contiguous().requires_grad_();
        var teacher = Logits.Random(14, ScalarType.Float64, student.shape);
        foreach (var reduction in new[] { KdReduction.None, KdReduction.BatchMean })
        {
            var expected = KdFunctional.NormalizedMatch(plain, teacher, reduction);
            var actual = KdFunctional.NormalizedMatch(student, teacher, reduction);
            Assert.True(expected.Equals(actual));
            Assert.True(autograd.grad([expected.sum()], [plain])[0].Equals(autograd.grad([actual.sum()], [student])[0]));
        }
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        var (s, t) = (Logits.Random(15, ScalarType.Float32, 4, 7), Logits.Random(16, ScalarType.Float32, 4, 7));
        using var module = new NormalizedMatchLoss(KdReduction.Mean, epsilon: 30);
        Assert.True(KdFunctional.NormalizedMatch(s, t, KdReduction.Mean, 30).Equals(module.call(s, t)));
        Assert.False(KdFunctional.NormalizedMatch(s, t, KdReduction.Mean).Equals(module.call(s, t)));
    }

    [Fact]
    public void No_samples_give_an_empty_result_and_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        var student = zeros(0, 5).requires_grad_();
        Assert.Equal([0], KdFunctional.NormalizedMatch(student, zeros(0, 5), KdReduction.None).shape);
        Assert.True(double.IsNaN(KdFunctional.NormalizedMatch(student, zeros(0, 5), KdReduction.BatchMean).ToDouble()));
        KdFunctional.NormalizedMatch(student, zeros(0, 5), KdReduction.Sum).backward();
        Assert.Equal([0, 5], student.grad!.shape);
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(17, ScalarType.Float32, 5, 7).requires_grad_();
        var loss = KdFunctional.NormalizedMatch(student, Logits.Random(18, ScalarType.Float32, 5, 7), KdReduction.BatchMean);
        var once = autograd.grad([loss], [student], retain_graph: true)[0].clone();
        var scaled = autograd.grad([loss * 3], [student], retain_graph: true)[0];
        for (int i = 0; i < 3; i++) loss.backward(retain_graph: true);
        Comparison.Close(once * 3, scaled, relative: 1e-6, absolute: 0);
        Comparison.Close(once * 3, student.grad!, relative: 1e-6, absolute: 1e-9);
    }

    [Theory, MemberData(nameof(Reductions))]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        using var outer = NewDisposeScope();
        var student = Logits.Random(19, ScalarType.Float32, 3, 4, 5).requires_grad_();
        var teacher = Logits.Random(20, ScalarType.Float32, 3, 5, 4).transpose(1, 2);
        Leaks.None(() => KdFunctional.NormalizedMatch(student, teacher, reduction).sum().backward(), student);
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        Refused<ArgumentException>(
            "expected teacher rows without a gradient but got a tensor that requires one; detach it",
            () => KdFunctional.NormalizedMatch(zeros(2, 3), zeros(2, 3).requires_grad_(), KdReduction.Sum));
        Refused<ArgumentException>(
            "expected shape [2, 3], as student has, but got [2, 4]",
            () => KdFunctional.NormalizedMatch(zeros(2, 3), zeros(2, 4), KdReduction.Sum));
        Refused<ArgumentException>(
            "expected dtype Float32, as student has, but got Float64",
            () => KdFunctional.NormalizedMatch(zeros(2, 3), zeros(2, 3, ScalarType.Float64), KdReduction.Sum));
        Refused<ArgumentException>(
            "expected rows of shape [N, ...] but got [3]", () => KdFunctional.NormalizedMatch(zeros(3), zeros(3), KdReduction.Sum));
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 on cpu but got Float16, which only cuda computes",
            () => KdFunctional.NormalizedMatch(zeros(2, 3, ScalarType.Float16), zeros(2, 3), KdReduction.Sum));
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            () => KdFunctional.NormalizedMatch(zeros(2, 3), zeros(2, 3), (KdReduction)9));
        foreach (double epsilon in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            string message = $"expected an epsilon in (0, ∞) but got {epsilon}";
            Refused<ArgumentOutOfRangeException>(
                message, () => KdFunctional.NormalizedMatch(zeros(2, 3), zeros(2, 3), KdReduction.Sum, epsilon));
            Refused<ArgumentOutOfRangeException>(message, () => new NormalizedMatchLoss(KdReduction.Sum, epsilon));
        }
    }

    private static void Refused<T>(string message, Func<object> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
