using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.TotalVariation;

public class TotalVariationTests
{
    public static TheoryData<double, KdReduction> Settings
    {
        get
        {
            var data = new TheoryData<double, KdReduction>();
            foreach (double temperature in new[] { 0.5, 1, 4, 20 })
            {
                foreach (var reduction in Enum.GetValues<KdReduction>()) data.Add(temperature, reduction);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_both_gradients_match_the_composed_operations(double temperature, KdReduction reduction) =>
        LogitPairChecks.SameAsComposed(
            (s, t) => KdFunctional.TotalVariation(s, t, temperature, reduction),
            (s, t) => TotalVariationComposed.Loss(s, t, new(temperature, reduction)));

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Mean)]
    public void Ignored_rows_match_the_composed_operations(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var labels = tensor(new long[] { 0, -1, 3, -1, 8, 2 });
        LogitPairChecks.SameAsComposed(
            (s, t) => KdFunctional.TotalVariation(s, t, 3, reduction, labels, ignoreIndex: -1),
            (s, t) => TotalVariationComposed.Loss(s, t, new(3, reduction) { Labels = labels, IgnoreIndex = -1 }),
            rows: 6, classes: 9);
    }

    [Theory]
    [InlineData(1, KdReduction.BatchMean)]
    [InlineData(4, KdReduction.None)]
    public void Derivatives_of_both_orders_match_finite_differences(double temperature, KdReduction reduction) =>
        LogitPairChecks.Derivatives((s, t) => KdFunctional.TotalVariation(
            s, t, temperature, reduction, labels: tensor(new long[] { 0, -100, 1 })));

    [Fact]
    public void The_module_takes_the_settings_of_the_function()
    {
        using var scope = NewDisposeScope();
        var (s, t) = (Logits.Random(1, ScalarType.Float32, 6, 40), Logits.Random(2, ScalarType.Float32, 6, 40));
        using var module = new TotalVariationLoss(2, KdReduction.Sum);
        Comparison.Close(KdFunctional.TotalVariation(s, t, 2, KdReduction.Sum), module.call(s, t), 0, 0);
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
    [InlineData(double.PositiveInfinity)]
    public void Rejects_an_impossible_temperature(double temperature) => LogitPairChecks.Refused<ArgumentOutOfRangeException>(
        "expected a temperature in", () => KdFunctional.TotalVariation(zeros(4, 3), zeros(4, 3), temperature, KdReduction.Sum));

    private static Tensor Loss(Tensor student, Tensor teacher, KdReduction reduction, long? dim) =>
        KdFunctional.TotalVariation(student, teacher, 4, reduction, dim: dim);
}
