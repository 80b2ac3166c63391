using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.TemperedKl;

public class TemperedKlTests
{
    public static TheoryData<double, KdReduction, bool> Settings
    {
        get
        {
            var data = new TheoryData<double, KdReduction, bool>();
            foreach (double temperature in new[] { 0.5, 1, 4, 20, double.PositiveInfinity })
            {
                foreach (var reduction in Enum.GetValues<KdReduction>())
                {
                    data.Add(temperature, reduction, true);
                    if (double.IsFinite(temperature)) data.Add(temperature, reduction, false);
                }
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_both_gradients_match_the_composed_operations(double temperature, KdReduction reduction, bool tSquared)
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(1, ScalarType.Float64, 7, 13).requires_grad_();
        var teacher = Logits.Random(2, ScalarType.Float64, 7, 13).requires_grad_();
        var fused = KdFunctional.TemperedKl(student, teacher, temperature, reduction, tSquared: tSquared);
        var composed = TemperedKlComposed.Loss(student, teacher, new(temperature, reduction) { TSquared = tSquared });
        Comparison.Close(composed, fused, relative: 1e-10, absolute: 1e-12);

        var upstream = Logits.Random(3, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [student, teacher], [upstream]);
        var actual = autograd.grad([fused], [student, teacher], [upstream]);
        Comparison.Close(expected[0], actual[0], relative: 1e-9, absolute: 1e-12);
        Comparison.Close(expected[1], actual[1], relative: 1e-9, absolute: 1e-12);
    }

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Weights_and_ignored_rows_match_the_composed_operations(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(4, ScalarType.Float64, 6, 9).requires_grad_();
        var teacher = Logits.Random(5, ScalarType.Float64, 6, 9).requires_grad_();
        var weights = rand(9, ScalarType.Float64) + 0.5;
        var labels = tensor(new long[] { 0, -1, 3, -1, 8, 2 });
        var fused = KdFunctional.TemperedKl(student, teacher, 3, reduction, weights, labels, ignoreIndex: -1);
        var options = new TemperedKlOptions(3, reduction) { ClassWeights = weights, Labels = labels, IgnoreIndex = -1 };
        var composed = TemperedKlComposed.Loss(student, teacher, options);
        Comparison.Close(composed, fused, relative: 1e-10, absolute: 1e-12);

        var upstream = Logits.Random(6, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [student, teacher], [upstream]);
        var actual = autograd.grad([fused], [student, teacher], [upstream]);
        Comparison.Close(expected[0], actual[0], relative: 1e-9, absolute: 1e-12);
        Comparison.Close(expected[1], actual[1], relative: 1e-9, absolute: 1e-12);
        Assert.Equal(0, actual[0][1].abs().sum().item<double>());
    }

    // From PyTorch 1.13 in float64: kl_div(log_softmax(s/T), softmax(t/T), 'none').sum(1) * T², and autograd of its mean over rows.
    [Fact]
    public void Matches_pytorch()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, _) = Vectors();
        Comparison.Close(
            [1.7569053114911197, 7.239441958456031, 5.243779033268465],
            Comparison.Values(KdFunctional.TemperedKl(student, teacher, 4, KdReduction.None)), 1e-12, 0);
        Comparison.Close(
            [1.0696194159591992, 2.1542100094239616, 1.7485428476767866],
            Comparison.Values(KdFunctional.TemperedKl(student, teacher, 1, KdReduction.None)), 1e-12, 0);

        KdFunctional.TemperedKl(student.requires_grad_(), teacher.requires_grad_(), 4, KdReduction.BatchMean).backward();
        Comparison.Close(
            [
                0.031805518919564256, -0.2294716125084688, 0.08687053848319683, 0.11079555510570767,
                -0.35838020691408046, -0.01073168876650167, 0.5110896533818611, -0.14197775770127913,
                -0.15776704112731899, 0.18728635041552977, 0.32282072133535905, -0.35234003062356994,
            ],
            Comparison.Values(student.grad!), 1e-12, 0);
        Comparison.Close(
            [
                -0.06331294054993837, 0.30549072284030376, -0.0952722317375785, -0.14690555055278665,
                0.5196531141501307, -0.033825520680900806, -0.6256025509562503, 0.13977495748702048,
                0.1604580328792199, -0.22485028568147727, -0.19721513542066837, 0.2616073882229255,
            ],
            Comparison.Values(teacher.grad!), 1e-12, 0);
    }

    [Fact]
    public void An_image_batch_is_one_row_per_pixel()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(7, ScalarType.Float32, 2, 5, 3, 4).requires_grad_();
        var teacher = Logits.Random(8, ScalarType.Float32, 2, 5, 3, 4);
        var actual = KdFunctional.TemperedKl(student, teacher, 2, KdReduction.None, dim: 1);
        Assert.Equal([2, 3, 4], actual.shape);
        var flat = KdFunctional.TemperedKl(Flat(student), Flat(teacher), 2, KdReduction.None);
        Comparison.Close(flat.view(2, 3, 4), actual, relative: 1e-6, absolute: 0);

        var direct = autograd.grad([actual.sum()], [student])[0];
        Comparison.Close(autograd.grad([flat.sum()], [student])[0], direct, relative: 1e-5, absolute: 1e-7);

        static Tensor Flat(Tensor images) => images.permute(0, 2, 3, 1).reshape(-1, 5);
    }

    public static TheoryData<string> Memories => ["sliced", "channels last", "upright beside channels last", "transposed", "expanded", "offset"];

    [Theory, MemberData(nameof(Memories))]
    public void Any_strides_give_what_contiguous_copies_give(string memory)
    {
        using var scope = NewDisposeScope();
        var whole = Logits.Random(9, ScalarType.Float64, 3, 6, 4, 6);
        var other = Logits.Random(10, ScalarType.Float64, 3, 6, 4, 6);
        var (student, teacher, dim) = memory switch
        {
            "sliced" => (whole.view(3, 24, 6).narrow(1, 0, 23), other.view(3, 24, 6).narrow(1, 1, 23), 2L),
            "channels last" => (Last(whole), Last(other), 1),
            "upright beside channels last" => (whole, Last(other), 1),
            "transposed" => (whole.transpose(2, 3), other.transpose(2, 3), 1),
            "expanded" => (whole.narrow(0, 0, 1).expand(3, 6, 4, 6), other, 1),
            _ => (whole.view(72, 6).narrow(0, 5, 20), other.view(72, 6).narrow(0, 50, 20), 1),
        };
        var plain = (student.contiguous().detach().requires_grad_(), teacher.contiguous());
        student = student.detach().requires_grad_();
        var expected = KdFunctional.TemperedKl(plain.Item1, plain.Item2, 4, KdReduction.BatchMean, dim: dim);
        var actual = KdFunctional.TemperedKl(student, teacher, 4, KdReduction.BatchMean, dim: dim);
        Comparison.Close(expected, actual, relative: 1e-12, absolute: 0);
        expected.backward();
        var gradient = autograd.grad([actual], [student])[0];
        Comparison.Close(plain.Item1.grad!, gradient, relative: 1e-10, absolute: 1e-14);

        static Tensor Last(Tensor images) => images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
    }

    [Fact]
    public void Equal_logits_give_exactly_zero()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(11, ScalarType.Float32, 16, 100).requires_grad_();
        var loss = KdFunctional.TemperedKl(student, student.detach().clone(), 4, KdReduction.Sum);
        loss.backward();
        Assert.Equal(0, loss.item<float>());
        Assert.True(student.grad!.abs().max().item<float>() <= 1e-8f);
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(12, ScalarType.Float32, 5, 7).requires_grad_();
        var loss = KdFunctional.TemperedKl(student, Logits.Random(13, ScalarType.Float32, 5, 7), 4, KdReduction.BatchMean);
        var once = autograd.grad([loss], [student], retain_graph: true)[0].clone();
        var scaled = autograd.grad([loss * 3], [student], retain_graph: true)[0];
        var again = autograd.grad([loss], [student])[0];
        Assert.True(once.Equals(again));
        Comparison.Close(once * 3, scaled, relative: 1e-6, absolute: 0);
    }

    [Fact]
    public void Accumulating_gradients_does_not_touch_the_saved_one()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(14, ScalarType.Float32, 5, 7).requires_grad_();
        var loss = KdFunctional.TemperedKl(student, Logits.Random(15, ScalarType.Float32, 5, 7), 4, KdReduction.BatchMean);
        var single = autograd.grad([loss], [student], retain_graph: true)[0].clone();
        for (int i = 0; i < 3; i++) loss.backward(retain_graph: true);
        Comparison.Close(single * 3, student.grad!, relative: 1e-6, absolute: 1e-9);
    }

    internal static (Tensor Student, Tensor Teacher, Tensor Labels) Vectors() => (
        tensor(new double[,] { { 1, -2, 0.5, 3 }, { 0, 0, 10, -1 }, { -4, 2, 2, 1 } }),
        tensor(new double[,] { { 0.5, 1.5, -1, 2 }, { 3, -3, 4, 0 }, { 1, 1, -2, 5 } }),
        tensor(new long[] { 3, 0, 1 }));
}
