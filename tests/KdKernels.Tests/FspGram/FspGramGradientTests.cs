using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.FspGram;

public class FspGramGradientTests
{
    [Theory]
    [InlineData(FspForm.Paper, FspPooling.Max, KdReduction.BatchMean)]
    [InlineData(FspForm.Mean, FspPooling.Average, KdReduction.None)]
    [InlineData(FspForm.ColumnNorms, FspPooling.Max, KdReduction.Sum)]
    [InlineData(FspForm.ColumnNorms, FspPooling.Average, KdReduction.None)]
    public void Both_orders_of_the_loss_match_finite_differences(FspForm form, FspPooling pooling, KdReduction reduction)
    {
        Tensor t1 = Maps.Values(1, 2, 2, 2, 2), t2 = Maps.Values(2, 2, 3, 2, 2);
        Func<Tensor[], Tensor> loss = inputs =>
            KdFunctional.FspLoss(inputs[0], inputs[1], t1, t2, reduction, new(form, pooling));
        GradCheck.FirstOrder(loss, Maps.Leaf(3, 2, 2, 3, 4), Maps.Leaf(4, 2, 3, 2, 2));
        GradCheck.SecondOrder(loss, Maps.Leaf(3, 2, 2, 3, 4), Maps.Leaf(4, 2, 3, 2, 2));
    }

    [Theory]
    [InlineData(FspPooling.Max)]
    [InlineData(FspPooling.Average)]
    public void Both_orders_of_the_matrix_match_finite_differences(FspPooling pooling)
    {
        Func<Tensor[], Tensor> gram = inputs => KdFunctional.FspGram(inputs[0], inputs[1], pooling);
        GradCheck.FirstOrder(gram, Maps.Leaf(5, 2, 2, 2, 2), Maps.Leaf(6, 2, 3, 3, 4));
        GradCheck.SecondOrder(gram, Maps.Leaf(5, 2, 2, 2, 2), Maps.Leaf(6, 2, 3, 3, 4));
    }

    [Fact]
    public void A_single_layer_may_require_the_gradient()
    {
        var constant = Maps.Values(7, 2, 3, 2, 2);
        GradCheck.FirstOrder(inputs => KdFunctional.FspGram(constant, inputs[0]), Maps.Leaf(8, 2, 2, 2, 2));
        GradCheck.FirstOrder(
            inputs => KdFunctional.FspLoss(inputs[0], constant, constant, constant, KdReduction.Sum), Maps.Leaf(9, 2, 3, 2, 2));
    }

    [Theory]
    [InlineData(FspForm.Paper)]
    [InlineData(FspForm.ColumnNorms)]
    public void Equal_networks_have_a_gradient_of_zero(FspForm form)
    {
        using var scope = NewDisposeScope();
        Tensor first = rand(2, 3, 4, 4), second = rand(2, 5, 4, 4);
        var leaf = first.clone().requires_grad_();
        var loss = KdFunctional.FspLoss(leaf, second, first, second, KdReduction.BatchMean, new(form));
        loss.backward();
        Assert.Equal(0, loss.ToDouble());
        Assert.Equal(0, leaf.grad!.abs().max().ToDouble());
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        using var outer = NewDisposeScope();
        Tensor student = Maps.Leaf(10, 2, 3, 4, 4), teacher = Maps.Values(11, 2, 3, 2, 2);
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
            var loss = KdFunctional.FspLoss([new(student, teacher, teacher, teacher, 0.5)], reduction);
            (loss.sum() + KdFunctional.FspGram(student, teacher).sum()).backward();
        }
    }
}
