using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.AttentionSquared;

public class AttentionSquaredGradientTests
{
    public static TheoryData<AttentionForm, int, KdReduction> Cases => new()
    {
        { AttentionForm.Code, 2, KdReduction.Mean },
        { AttentionForm.Code, 1, KdReduction.None },
        { AttentionForm.Code, 4, KdReduction.Sum },
        { AttentionForm.Paper, 2, KdReduction.BatchMean },
        { AttentionForm.Paper, 1, KdReduction.None },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Both_orders_match_finite_differences(AttentionForm form, int power, KdReduction reduction)
    {
        var teacher = Maps.Values(1, 2, 4, 2, 3);
        Func<Tensor[], Tensor> loss = inputs =>
            KdFunctional.AttentionSquared(inputs[0], teacher, reduction, new(form, power, Beta: 2));
        GradCheck.FirstOrder(loss, Maps.Leaf(2, 2, 3, 2, 3));
        GradCheck.SecondOrder(loss, Maps.Leaf(2, 2, 3, 2, 3));
    }

    [Theory]
    [InlineData(4, 5, 2, 3)]
    [InlineData(2, 3, 4, 5)]
    public void Both_orders_pass_through_the_pooling(long height, long width, long teacherHeight, long teacherWidth)
    {
        var teacher = Maps.Values(3, 2, 2, teacherHeight, teacherWidth);
        Func<Tensor[], Tensor> loss = inputs => KdFunctional.AttentionSquared(inputs[0], teacher, KdReduction.BatchMean);
        GradCheck.FirstOrder(loss, Maps.Leaf(4, 2, 2, height, width));
        GradCheck.SecondOrder(loss, Maps.Leaf(4, 2, 2, height, width));
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    [InlineData(true, 4)]
    [InlineData(true, 1)]
    public void The_map_is_differentiable_twice(bool normalise, int power)
    {
        Func<Tensor[], Tensor> map = inputs => KdFunctional.AttentionMap(inputs[0], normalise, power, ChannelReduction.Mean);
        GradCheck.FirstOrder(map, Maps.Leaf(5, 2, 3, 2, 3));
        GradCheck.SecondOrder(map, Maps.Leaf(5, 2, 3, 2, 3));
    }

    [Fact]
    public void The_raw_map_of_first_powers_has_the_signs_as_its_gradient()
    {
        using var scope = NewDisposeScope();
        var features = Maps.Leaf(5, 2, 3, 2, 3);
        KdFunctional.AttentionMap(features, normalise: false, power: 1).sum().backward();
        Comparison.Close(features.detach().sign(), features.grad!, 0, 0);
    }

    [Fact]
    public void Features_whose_pixels_do_not_merge_get_their_gradient_through_the_copy()
    {
        var teacher = Maps.Values(6, 2, 3, 2, 3);
        GradCheck.FirstOrder(
            inputs => KdFunctional.AttentionSquared(inputs[0].narrow(3, 1, 3), teacher, KdReduction.Mean), Maps.Leaf(7, 2, 3, 2, 5));
    }

    [Theory]
    [InlineData(AttentionForm.Code)]
    [InlineData(AttentionForm.Paper)]
    public void Maps_of_zeros_and_equal_maps_have_a_gradient_of_zero(AttentionForm form)
    {
        using var scope = NewDisposeScope();
        var student = zeros(2, 3, 4, 4).requires_grad_();
        KdFunctional.AttentionSquared(student, rand(2, 3, 4, 4), KdReduction.BatchMean, new(form)).backward();
        Assert.Equal(0, student.grad!.abs().max().ToDouble());
        var equal = rand(2, 3, 4, 4);
        var leaf = equal.clone().requires_grad_();
        var loss = KdFunctional.AttentionSquared(leaf, equal, KdReduction.BatchMean, new(form));
        loss.backward();
        Assert.Equal(0, loss.ToDouble());
        Assert.Equal(0, leaf.grad!.abs().max().ToDouble());
    }

    [Theory]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        using var outer = NewDisposeScope();
        var student = Maps.Leaf(8, 2, 3, 4, 4);
        var teacher = Maps.Values(9, 2, 3, 2, 2);
        Step();
        student.grad!.Dispose();
        long before = statistics.ThreadTotalLiveCount;
        student.grad = null;
        for (int i = 0; i < 10; i++)
        {
            Step();
            student.grad = null;
        }
        Assert.Equal(before, statistics.ThreadTotalLiveCount);

        void Step()
        {
            using var scope = NewDisposeScope();
            (KdFunctional.AttentionSquared(student, teacher, reduction).sum() + KdFunctional.AttentionMap(student).sum()).backward();
        }
    }
}
