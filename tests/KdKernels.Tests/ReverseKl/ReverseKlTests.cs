using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.ReverseKl;

public class ReverseKlTests
{
    public static TheoryData<double, KdReduction, bool> Settings => TemperedKl.TemperedKlTests.Settings;

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_both_gradients_match_the_composed_operations(double temperature, KdReduction reduction, bool tSquared) =>
        LogitPairChecks.SameAsComposed(
            (s, t) => KdFunctional.ReverseKl(s, t, temperature, reduction, tSquared: tSquared),
            (s, t) => ReverseKlComposed.Loss(s, t, new(temperature, reduction) { TSquared = tSquared }));

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Mean)]
    public void Weights_and_ignored_rows_match_the_composed_operations(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var (weights, labels) = (rand(9, ScalarType.Float64) + 0.5, tensor(new long[] { 0, -1, 3, -1, 8, 2 }));
        LogitPairChecks.SameAsComposed(
            (s, t) => KdFunctional.ReverseKl(s, t, 3, reduction, weights, labels, ignoreIndex: -1),
            (s, t) => ReverseKlComposed.Loss(s, t, new(3, reduction) { ClassWeights = weights, Labels = labels, IgnoreIndex = -1 }),
            rows: 6, classes: 9);
    }

    [Theory]
    [InlineData(1, KdReduction.BatchMean)]
    [InlineData(4, KdReduction.None)]
    [InlineData(double.PositiveInfinity, KdReduction.Mean)]
    public void Derivatives_of_both_orders_match_finite_differences(double temperature, KdReduction reduction) =>
        LogitPairChecks.Derivatives((s, t) => KdFunctional.ReverseKl(
            s, t, temperature, reduction, labels: tensor(new long[] { 0, -100, 1 }),
            classWeights: double.IsFinite(temperature) ? tensor(new[] { 0.5, 1, 2, 1.5, 0.25 }) : null));

    [Fact]
    public void It_is_the_plain_divergence_with_exchanged_operands()
    {
        using var scope = NewDisposeScope();
        var (s, t) = (Logits.Random(1, ScalarType.Float32, 6, 40), Logits.Random(2, ScalarType.Float32, 6, 40));
        Assert.True(KdFunctional.ReverseKl(s, t, 4, KdReduction.None).Equals(KdFunctional.TemperedKl(t, s, 4, KdReduction.None)));
        using var module = new ReverseKlLoss(4, KdReduction.Sum, tSquared: false);
        Comparison.Close(KdFunctional.ReverseKl(s, t, 4, KdReduction.Sum, tSquared: false), module.call(s, t), 0, 0);
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
    public void Rejects_what_does_not_fit() => LogitPairChecks.Guards(Loss);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void Rejects_an_impossible_temperature(double temperature) => LogitPairChecks.Refused<ArgumentOutOfRangeException>(
        "expected a temperature in", () => KdFunctional.ReverseKl(zeros(4, 3), zeros(4, 3), temperature, KdReduction.Sum));

    private static Tensor Loss(Tensor student, Tensor teacher, KdReduction reduction, long? dim) =>
        KdFunctional.ReverseKl(student, teacher, 4, reduction, dim: dim);
}
