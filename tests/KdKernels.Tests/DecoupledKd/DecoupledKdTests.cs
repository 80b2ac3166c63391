using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.DecoupledKd;

public class DecoupledKdTests
{
    public static TheoryData<double, double, double, KdReduction, bool> Settings
    {
        get
        {
            var data = new TheoryData<double, double, double, KdReduction, bool>();
            foreach (var (alpha, beta) in new[] { (1.0, 8.0), (0.5, 0), (0, 2) })
            {
                foreach (var reduction in Enum.GetValues<KdReduction>())
                {
                    data.Add(alpha, beta, 1, reduction, true);
                    data.Add(alpha, beta, 4, reduction, false);
                }
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_both_gradients_match_the_composed_operations(
        double alpha, double beta, double temperature, KdReduction reduction, bool tSquared)
    {
        using var scope = NewDisposeScope();
        var labels = tensor(new long[] { 0, 12, 5, -1, 5, 3, -1 });
        LogitPairChecks.SameAsComposed(
            (s, t) => KdFunctional.DecoupledKd(s, t, labels, alpha, beta, temperature, reduction, ignoreIndex: -1, tSquared: tSquared),
            (s, t) => DecoupledKdComposed.Loss(
                s, t, new(alpha, beta, temperature, reduction) { Labels = labels, IgnoreIndex = -1, TSquared = tSquared }));
    }

    [Theory]
    [InlineData(1, 8, KdReduction.BatchMean)]
    [InlineData(0.5, 2, KdReduction.None)]
    public void Derivatives_of_both_orders_match_finite_differences(double alpha, double beta, KdReduction reduction) =>
        LogitPairChecks.Derivatives((s, t) => KdFunctional.DecoupledKd(
            s, t, tensor(new long[] { 0, -100, 4 }), alpha, beta, 2, reduction));

    [Fact]
    public void Two_classes_leave_only_the_plain_divergence()
    {
        using var scope = NewDisposeScope();
        var (s, t) = (Logits.Random(1, ScalarType.Float64, 6, 2), Logits.Random(2, ScalarType.Float64, 6, 2));
        var labels = tensor(new long[] { 0, 1, 1, 0, 0, 1 });
        Comparison.Close(
            KdFunctional.TemperedKl(s, t, 3, KdReduction.None),
            KdFunctional.DecoupledKd(s, t, labels, 1, 8, 3, KdReduction.None), relative: 1e-11, absolute: 0);
        Assert.Equal(0, KdFunctional.DecoupledKd(s, t, labels, 0, 8, 3, KdReduction.Sum).item<double>());
    }

    [Fact]
    public void A_teacher_gets_a_gradient_where_the_authors_code_gives_nan()
    {
        using var scope = NewDisposeScope();
        var (student, teacher, labels) = TemperedKl.TemperedKlTests.Vectors();
        teacher.requires_grad_();
        KdFunctional.DecoupledKd(student, teacher, labels, 1, 8, 4, KdReduction.BatchMean).backward();
        Assert.True(teacher.grad!.isfinite().all().item<bool>());
        Assert.True(teacher.grad!.abs().max().item<double>() > 0.1);
    }

    [Fact]
    public void The_module_takes_the_settings_of_the_function()
    {
        using var scope = NewDisposeScope();
        var (s, t) = (Logits.Random(1, ScalarType.Float32, 3, 40), Logits.Random(2, ScalarType.Float32, 3, 40));
        var labels = tensor(new long[] { 0, 7, 39 });
        using var module = new DecoupledKdLoss(0.5, 2, 3, KdReduction.Sum, ignoreIndex: 7, tSquared: false);
        Comparison.Close(
            KdFunctional.DecoupledKd(s, t, labels, 0.5, 2, 3, KdReduction.Sum, ignoreIndex: 7, tSquared: false),
            module.call(s, t, labels), 0, 0);
    }

    [Fact]
    public void Any_strides_give_what_contiguous_rows_give() => LogitPairChecks.AnyStrides(Loss);

    [Fact]
    public void A_graph_can_go_backward_several_times() => LogitPairChecks.BackwardTwice(Loss);

    [Fact]
    public void Gradients_are_computed_only_where_they_are_required() => LogitPairChecks.OnlyWhatIsRequired(Loss);

    [Fact]
    public void Leaves_no_tensor_behind() => LogitPairChecks.LeavesNoTensorBehind(Loss);

    [Fact]
    public void Empty_batches_give_empty_results() => LogitPairChecks.EmptyBatches(Loss);

    [Fact]
    public void Rejects_what_does_not_fit() => LogitPairChecks.Guards(Unlabelled);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Rejects_an_impossible_temperature(double temperature) => LogitPairChecks.Refused<ArgumentOutOfRangeException>(
        "expected a temperature in", () => KdFunctional.DecoupledKd(
            zeros(4, 3), zeros(4, 3), zeros(4, ScalarType.Int64), 1, 8, temperature, KdReduction.Sum));

    [Fact]
    public void Rejects_weights_and_labels_that_do_not_fit()
    {
        Tensor Call(Tensor labels, double alpha = 1, double beta = 8) =>
            KdFunctional.DecoupledKd(zeros(2, 3), zeros(2, 3), labels, alpha, beta, 2, KdReduction.Sum);
        var labels = zeros(2, ScalarType.Int64);
        LogitPairChecks.Refused<ArgumentOutOfRangeException>("expected a weight of 0 or more but got -1", () => Call(labels, alpha: -1));
        LogitPairChecks.Refused<ArgumentOutOfRangeException>(
            "expected a weight of 0 or more but got NaN", () => Call(labels, beta: double.NaN));
        LogitPairChecks.Refused<ArgumentException>(
            "expected one label per row, shape [2], but got [3]", () => Call(zeros(3, ScalarType.Int64)));
        LogitPairChecks.Refused<ArgumentException>("expected labels of dtype Int64 but got Float32", () => Call(zeros(2)));
        LogitPairChecks.Refused<ArgumentException>("expected labels in [0, 3)", () => Call(tensor(new long[] { 0, 3 })));
        LogitPairChecks.Refused<ArgumentException>(
            "expected 2 classes or more",
            () => KdFunctional.DecoupledKd(zeros(2, 1), zeros(2, 1), labels, 1, 8, 2, KdReduction.Sum));
    }

    // Labels for every row: the same classes wherever a row lies.
    private static Tensor Loss(Tensor student, Tensor teacher, KdReduction reduction, long? dim)
    {
        int classDimension = (int)(dim ?? 1);
        long[] shape = [.. student.shape.Where((_, i) => i != classDimension)];
        var labels = (arange(shape.Aggregate(1L, (a, b) => a * b), ScalarType.Int64) % 5).view(shape);
        return KdFunctional.DecoupledKd(student, teacher, labels, 1, 8, 4, reduction, dim: dim);
    }

    private static Tensor Unlabelled(Tensor student, Tensor teacher, KdReduction reduction, long? dim) =>
        KdFunctional.DecoupledKd(student, teacher, zeros(4, ScalarType.Int64), 1, 8, 4, reduction, dim: dim);
}
