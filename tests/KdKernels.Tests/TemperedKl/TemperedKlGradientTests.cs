using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.TemperedKl;

public class TemperedKlGradientTests
{
    public static TheoryData<double, KdReduction, bool> Cases => new()
    {
        { 1, KdReduction.BatchMean, false },
        { 4, KdReduction.Mean, true },
        { 4, KdReduction.None, true },
        { 2, KdReduction.Sum, true },
        { double.PositiveInfinity, KdReduction.BatchMean, false },
    };

    [Theory, MemberData(nameof(Cases))]
    public void First_order_matches_finite_differences(double temperature, KdReduction reduction, bool weighted) =>
        GradCheck.FirstOrder(Loss(temperature, reduction, weighted), Input(21), Input(22));

    [Theory, MemberData(nameof(Cases))]
    public void Second_order_matches_finite_differences(double temperature, KdReduction reduction, bool weighted) =>
        GradCheck.SecondOrder(Loss(temperature, reduction, weighted), Input(23), Input(24));

    [Fact]
    public void Second_order_with_masked_classes_is_finite_and_right()
    {
        // Class 2 is excluded by both: −∞ − (−∞) must not poison the composed gradient.
        Func<Tensor[], Tensor> masked = inputs =>
        {
            var mask = tensor(new[] { false, false, true, false, false });
            return KdFunctional.TemperedKl(
                inputs[0].masked_fill(mask, double.NegativeInfinity), inputs[1].masked_fill(mask, double.NegativeInfinity), 2, KdReduction.BatchMean);
        };
        GradCheck.FirstOrder(masked, Input(25), Input(26));
        GradCheck.SecondOrder(masked, Input(25), Input(26));
    }

    [Fact]
    public void A_gradient_is_computed_only_where_one_is_required()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Input(27).detach(), Input(28));
        KdFunctional.TemperedKl(student, teacher, 4, KdReduction.BatchMean).backward();
        Assert.True(student.grad is null);
        Assert.NotNull(teacher.grad);
        Assert.False(KdFunctional.TemperedKl(student, teacher.detach(), 4, KdReduction.BatchMean).requires_grad);
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        using var outer = NewDisposeScope();
        var (student, teacher) = (Input(29), Input(30));
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
            KdFunctional.TemperedKl(student, teacher, 4, reduction).sum().backward();
        }
    }

    private static Func<Tensor[], Tensor> Loss(double temperature, KdReduction reduction, bool weighted) => inputs =>
        KdFunctional.TemperedKl(
            inputs[0], inputs[1], temperature, reduction,
            classWeights: weighted ? tensor(new[] { 0.5, 1, 2, 1.5, 0.25 }) : null,
            labels: weighted ? tensor(new long[] { 0, -100, 1 }) : null);

    private static Tensor Input(long seed) => (Logits.Random(seed, ScalarType.Float64, 3, 5) * 0.5).clamp(-4, 4).detach().requires_grad_();
}
