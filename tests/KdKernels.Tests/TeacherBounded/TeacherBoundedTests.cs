using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.TeacherBounded;

public class TeacherBoundedTests
{
    private const double Margin = 0.5;

    public static TheoryData<KdReduction, bool, bool> Settings
    {
        get
        {
            var data = new TheoryData<KdReduction, bool, bool>();
            foreach (var reduction in Enum.GetValues<KdReduction>())
            {
                data.Add(reduction, false, false);
                data.Add(reduction, true, false);
                data.Add(reduction, true, true);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradient_match_the_composed_operations(KdReduction reduction, bool masked, bool smoothL1)
    {
        using var scope = NewDisposeScope();
        var (student, teacher, target) = Boxes(1, 30, 4);
        var foreground = masked ? Foreground(30) : null;
        var options = new TeacherBoundedOptions(Margin, reduction) { BoundWeight = 0.5, SmoothL1 = smoothL1, Beta = 0.75 };
        var fused = KdFunctional.TeacherBounded(student, teacher, target, Margin, reduction, foreground, 0.5, smoothL1, 0.75);
        var composed = TeacherBoundedComposed.Loss(student, teacher, target, options, foreground);
        Comparison.Close(composed, fused, relative: 1e-12, absolute: 0);
        var upstream = Logits.Random(2, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [student], [upstream])[0];
        var actual = autograd.grad([fused], [student], [upstream])[0];
        Comparison.Close(expected, actual, relative: 1e-12, absolute: 1e-15);
        Assert.InRange(actual.eq(0).all(1).sum().ToInt64(), masked || !smoothL1 ? 3 : 0, 27);
    }

    [Theory, MemberData(nameof(Settings))]
    public void Both_orders_match_finite_differences(KdReduction reduction, bool masked, bool smoothL1)
    {
        var (student, teacher, target) = Boxes(3, 6, 4);
        Func<Tensor[], Tensor> loss = inputs => KdFunctional.TeacherBounded(
            inputs[0], teacher, target, Margin, reduction, masked ? Foreground(6) : null, 0.5, smoothL1, 0.75);
        GradCheck.FirstOrder(loss, student);
        GradCheck.SecondOrder(inputs => loss(inputs).square(), student);
    }

    [Fact]
    public void A_mask_of_either_type_counts_the_foreground_only()
    {
        using var scope = NewDisposeScope();
        var student = tensor(new[,] { { 3.0 }, { 3 }, { double.NaN }, { 100 } }).requires_grad_();
        var (teacher, target) = (full([4, 1], 9, ScalarType.Float64), ones(4, 1, ScalarType.Float64));
        foreach (var foreground in new[] { tensor(new[] { true, true, false, false }), tensor(new long[] { 7, -1, 0, 0 }) })
        {
            student.grad = null;
            var loss = KdFunctional.TeacherBounded(student, teacher, target, 100, KdReduction.BatchMean, foreground);
            Assert.Equal(4, loss.ToDouble());
            loss.backward();
            Assert.Equal([2, 2, 0, 0], Comparison.Values(student.grad!));
        }
    }

    [Fact]
    public void Without_any_foreground_the_mean_is_nan_the_sum_zero_and_the_gradient_zero()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, target) = Boxes(4, 5, 4);
        var none = zeros(5, ScalarType.Bool);
        var mean = KdFunctional.TeacherBounded(student, teacher, target, Margin, KdReduction.BatchMean, none);
        Assert.True(double.IsNaN(mean.ToDouble()));
        Assert.Equal(0, KdFunctional.TeacherBounded(student, teacher, target, Margin, KdReduction.Sum, none).ToDouble());
        mean.backward();
        Assert.All(Comparison.Values(student.grad!), g => Assert.Equal(0, g));
    }

    [Fact]
    public void Batches_of_boxes_and_dense_maps_are_read_in_place()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, target) = Boxes(5, 2, 15, 4);
        var expected = KdFunctional.TeacherBounded(student, teacher, target, Margin, KdReduction.None, dim: -1);
        Assert.Equal([2, 15], expected.shape);
        var (s, t, y) = (Map(student).detach().requires_grad_(), Map(teacher), Map(target));
        var maps = KdFunctional.TeacherBounded(s, t, y, Margin, KdReduction.None, dim: 1);
        Comparison.Close(expected.view(2, 3, 5), maps, relative: 1e-12, absolute: 0);
        Comparison.Close(
            Map(autograd.grad([expected.sum()], [student])[0]), autograd.grad([maps.sum()], [s])[0], 1e-12, 0);
        // Three tensors of which no two have the same strides.
        var crossed = y.transpose(2, 3).contiguous().transpose(2, 3);
        var mixed = KdFunctional.TeacherBounded(s, t.contiguous(), crossed, Margin, KdReduction.None, dim: 1);
        Comparison.Close(maps, mixed, relative: 1e-12, absolute: 0);

        static Tensor Map(Tensor boxes) => boxes.transpose(1, 2).view(2, 4, 3, 5);
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, target) = Boxes(6, 8, 4);
        using var module = new TeacherBoundedLoss(Margin, KdReduction.BatchMean, boundWeight: 0.5, smoothL1: true, beta: 2);
        Assert.True(KdFunctional.TeacherBounded(student, teacher, target, Margin, KdReduction.BatchMean, null, 0.5, true, 2)
            .Equals(module.call(student, teacher, target)));
        Assert.True(KdFunctional.TeacherBounded(student, teacher, target, Margin, KdReduction.BatchMean, Foreground(8), 0.5, true, 2)
            .Equals(module.forward(student, teacher, target, Foreground(8))));
    }

    [Fact]
    public void No_boxes_give_an_empty_result_and_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        var (student, none) = (zeros(0, 4).requires_grad_(), zeros(0, 4));
        Assert.Equal([0], KdFunctional.TeacherBounded(student, none, none, 0, KdReduction.None).shape);
        Assert.True(double.IsNaN(KdFunctional.TeacherBounded(student, none, none, 0, KdReduction.BatchMean).ToDouble()));
        KdFunctional.TeacherBounded(student, none, none, 0, KdReduction.Sum).backward();
        Assert.Equal([0, 4], student.grad!.shape);
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, target) = Boxes(7, 9, 4);
        var loss = KdFunctional.TeacherBounded(student, teacher, target, Margin, KdReduction.BatchMean);
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
        var (student, teacher, target) = Boxes(8, 9, 4);
        var foreground = Foreground(9).to(ScalarType.Bool);
        Leaks.None(() => KdFunctional.TeacherBounded(student, teacher, target, Margin, reduction, foreground).sum().backward(), student);
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var z = zeros(5, 4);
        Refused<ArgumentOutOfRangeException>(
            "expected a finite margin of 0 or more but got -1", () => KdFunctional.TeacherBounded(z, z, z, -1, KdReduction.Sum));
        Refused<ArgumentOutOfRangeException>(
            "expected a finite boundWeight of 0 or more but got NaN",
            () => KdFunctional.TeacherBounded(z, z, z, 0, KdReduction.Sum, boundWeight: double.NaN));
        Refused<ArgumentOutOfRangeException>(
            "expected a positive finite beta but got 0", () => KdFunctional.TeacherBounded(z, z, z, 0, KdReduction.Sum, beta: 0));
        Refused<ArgumentException>(
            "expected shape [5, 4], as student has, but got [5, 3]",
            () => KdFunctional.TeacherBounded(z, zeros(5, 3), z, 0, KdReduction.Sum));
        Refused<ArgumentException>(
            "expected target without a gradient",
            () => KdFunctional.TeacherBounded(z, z, zeros(5, 4).requires_grad_(), 0, KdReduction.Sum));
        Refused<ArgumentException>(
            "expected one value per row, shape [5], but got [4]",
            () => KdFunctional.TeacherBounded(z, z, z, 0, KdReduction.Sum, zeros(4, ScalarType.Bool)));
        Refused<ArgumentException>(
            "expected foreground of dtype Int64 but got Float32",
            () => KdFunctional.TeacherBounded(z, z, z, 0, KdReduction.Sum, zeros(5)));
        Refused<NotSupportedException>(
            "expected student of dtype float32 or float64 on cpu but got Float16",
            () => KdFunctional.TeacherBounded(zeros(5, 4, ScalarType.Float16), z, z, 0, KdReduction.Sum));
        Refused<ArgumentOutOfRangeException>("margin", () => new TeacherBoundedLoss(-1, KdReduction.Sum));
    }

    private static void Refused<T>(string message, Func<object> call)
        where T : Exception => Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);

    private static Tensor Foreground(long boxes) => (arange(boxes, ScalarType.Int64) % 3).ne(1).to(ScalarType.Int64);

    /// <summary>Targets, and two predictions of similar quality.</summary>
    private static (Tensor Student, Tensor Teacher, Tensor Target) Boxes(long seed, params long[] shape)
    {
        var generator = new Generator((ulong)seed, CPU);
        Tensor Normal() => randn(shape, ScalarType.Float64, generator: generator);
        var target = Normal() * 3;
        return ((target + Normal()).detach().requires_grad_(), target + Normal() * 1.2, target);
    }
}
