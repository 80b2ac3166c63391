using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.LogitRegression;

public class LogitRegressionTests
{
    public static TheoryData<KdReduction, bool> Settings
    {
        get
        {
            var data = new TheoryData<KdReduction, bool>();
            foreach (var reduction in Enum.GetValues<KdReduction>())
            {
                data.Add(reduction, true);
                data.Add(reduction, false);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradients_match_the_composed_operations(KdReduction reduction, bool half)
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(1, 2, 5, 3, 4), Input(2, 2, 5, 3, 4));
        var fused = KdFunctional.LogitRegression(student, teacher, reduction, half, dim: 1);
        var composed = LogitRegressionComposed.Loss(student, teacher, new(reduction) { Half = half });
        Comparison.Close(composed, fused, relative: 1e-12, absolute: 0);

        var upstream = Logits.Random(3, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [student, teacher], [upstream]);
        var actual = autograd.grad([fused], [student, teacher], [upstream]);
        for (int i = 0; i < 2; i++) Comparison.Close(expected[i], actual[i], relative: 1e-12, absolute: 0);
    }

    [Fact]
    public void The_mean_without_the_half_is_torchs_mse_loss()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(4, 6, 9), Input(5, 6, 9).detach());
        var expected = nn.functional.mse_loss(student, teacher);
        var actual = KdFunctional.LogitRegression(student, teacher, KdReduction.Mean, half: false);
        Comparison.Close(expected, actual, relative: 1e-12, absolute: 0);
        Comparison.Close(autograd.grad([expected], [student])[0], autograd.grad([actual], [student])[0], 1e-12, 0);
    }

    [Theory, MemberData(nameof(Settings))]
    public void Both_orders_match_finite_differences(KdReduction reduction, bool half)
    {
        Func<Tensor[], Tensor> loss = inputs => KdFunctional.LogitRegression(inputs[0], inputs[1], reduction, half);
        GradCheck.FirstOrder(loss, Small(6, 3, 5), Small(7, 3, 5));
        var (student, teacher) = ((Small(6, 3, 5) * 0.1).detach().requires_grad_(), (Small(7, 3, 5) * 0.1).detach().requires_grad_());
        GradCheck.SecondOrder(inputs => loss(inputs).exp(), student, teacher);
    }

    public static TheoryData<string> Memories => ["sliced", "channels last", "transposed", "expanded", "three strides"];

    [Theory, MemberData(nameof(Memories))]
    public void Any_strides_give_what_a_contiguous_copy_gives(string memory)
    {
        using var scope = NewDisposeScope();
        var whole = Logits.Random(8, ScalarType.Float64, 3, 6, 4, 6);
        var (student, dim) = memory switch
        {
            "sliced" => (whole.view(3, 24, 6).narrow(1, 0, 23), 2L),
            "channels last" => (whole.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2), 1),
            "transposed" => (whole.transpose(2, 3), 1),
            "expanded" => (whole.narrow(0, 0, 1).expand(3, 6, 4, 6), 1),
            _ => (whole.narrow(2, 0, 3).narrow(3, 1, 4), 1),
        };
        var teacher = Logits.Random(9, ScalarType.Float64, student.shape);
        var plain = student.contiguous().detach().requires_grad_();
        student = student.detach().requires_grad_();
        foreach (var reduction in new[] { KdReduction.BatchMean, KdReduction.None })
        {
            var expected = KdFunctional.LogitRegression(plain, teacher, reduction, dim: dim);
            var actual = KdFunctional.LogitRegression(student, teacher, reduction, dim: dim);
            Comparison.Close(expected, actual, relative: 1e-12, absolute: 0);
            Comparison.Close(
                autograd.grad([expected.sum()], [plain])[0], autograd.grad([actual.sum()], [student])[0], 1e-12, 0);
        }
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(10, 2, 5, 3), Input(11, 2, 5, 3));
        using var module = new LogitRegressionLoss(KdReduction.Sum, half: false, dim: 1);
        Assert.True(KdFunctional.LogitRegression(student, teacher, KdReduction.Sum, false, 1).Equals(module.call(student, teacher)));
    }

    [Fact]
    public void No_rows_give_an_empty_result_and_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        var student = zeros(0, 5).requires_grad_();
        Assert.Equal([0], KdFunctional.LogitRegression(student, zeros(0, 5), KdReduction.None).shape);
        Assert.True(double.IsNaN(KdFunctional.LogitRegression(student, zeros(0, 5), KdReduction.BatchMean).ToDouble()));
        KdFunctional.LogitRegression(student, zeros(0, 5), KdReduction.Sum).backward();
        Assert.Equal([0, 5], student.grad!.shape);
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var student = Input(12, 5, 7);
        var loss = KdFunctional.LogitRegression(student, Input(13, 5, 7).detach(), KdReduction.BatchMean);
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
        var (student, teacher) = (Input(14, 3, 5), Input(15, 3, 5));
        Leaks.None(() => KdFunctional.LogitRegression(student, teacher, reduction).sum().backward(), student, teacher);
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            () => KdFunctional.LogitRegression(zeros(4, 3), zeros(4, 3), (KdReduction)9));
        Refused<ArgumentException>(
            "expected shape [4, 3], as student has, but got [4, 5]",
            () => KdFunctional.LogitRegression(zeros(4, 3), zeros(4, 5), KdReduction.Sum));
        Refused<ArgumentException>(
            "expected dtype Float32, as student has, but got Float64",
            () => KdFunctional.LogitRegression(zeros(4, 3), zeros(4, 3, ScalarType.Float64), KdReduction.Sum));
        Refused<ArgumentException>(
            "expected the class dimension to be named",
            () => KdFunctional.LogitRegression(zeros(2, 3, 4, 5), zeros(2, 3, 4, 5), KdReduction.Sum));
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 on cpu but got Float16",
            () => KdFunctional.LogitRegression(zeros(4, 3, ScalarType.Float16), zeros(4, 3), KdReduction.Sum));
        Refused<ArgumentOutOfRangeException>("but got 9", () => new LogitRegressionLoss((KdReduction)9));
    }

    private static void Refused<T>(string message, Func<object> call)
        where T : Exception => Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);

    private static Tensor Input(long seed, params long[] shape) =>
        Logits.Random(seed, ScalarType.Float64, shape).requires_grad_();

    private static Tensor Small(long seed, params long[] shape) =>
        (Logits.Random(seed, ScalarType.Float64, shape) * 0.5).clamp(-4, 4).detach().requires_grad_();
}
