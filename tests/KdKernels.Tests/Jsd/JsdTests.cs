using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.Jsd;

public class JsdTests
{
    public static TheoryData<double, double, KdReduction, bool> Settings
    {
        get
        {
            var data = new TheoryData<double, double, KdReduction, bool>();
            foreach (double temperature in new[] { 1, 4, 20, double.PositiveInfinity })
            {
                foreach (double beta in new[] { 0.5, 0.1, 0.95, 0, 1 })
                {
                    foreach (var reduction in Enum.GetValues<KdReduction>())
                    {
                        data.Add(temperature, beta, reduction, true);
                        if (double.IsFinite(temperature)) data.Add(temperature, beta, reduction, false);
                    }
                }
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_both_gradients_match_the_composed_operations(
        double temperature, double beta, KdReduction reduction, bool tSquared)
    {
        foreach (bool klAtEnds in new[] { false, true })
        {
            LogitPairChecks.SameAsComposed(
                (s, t) => KdFunctional.Jsd(s, t, temperature, beta, reduction, tSquared: tSquared, klAtEnds: klAtEnds),
                (s, t) => JsdComposed.Loss(s, t, new(temperature, beta, reduction) { TSquared = tSquared, KlAtEnds = klAtEnds }));
        }
    }

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Mean)]
    public void Ignored_rows_match_the_composed_operations(KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var labels = tensor(new long[] { 0, -1, 3, -1, 8, 2 });
        LogitPairChecks.SameAsComposed(
            (s, t) => KdFunctional.Jsd(s, t, 3, 0.3, reduction, labels, ignoreIndex: -1),
            (s, t) => JsdComposed.Loss(s, t, new(3, 0.3, reduction) { Labels = labels, IgnoreIndex = -1 }),
            rows: 6, classes: 9);
    }

    [Theory]
    [InlineData(1, 0.5, KdReduction.BatchMean)]
    [InlineData(4, 0.2, KdReduction.None)]
    [InlineData(2, 0.9, KdReduction.Sum)]
    [InlineData(double.PositiveInfinity, 0.3, KdReduction.Mean)]
    public void Derivatives_of_both_orders_match_finite_differences(double temperature, double beta, KdReduction reduction) =>
        LogitPairChecks.Derivatives((s, t) => KdFunctional.Jsd(
            s, t, temperature, beta, reduction, labels: tensor(new long[] { 0, -100, 1 })));

    [Fact]
    public void Derivatives_with_masked_classes_are_finite_and_right() => LogitPairChecks.Derivatives((s, t) =>
    {
        var mask = tensor(new[] { false, false, true, false, false });
        return KdFunctional.Jsd(
            s.masked_fill(mask, double.NegativeInfinity), t.masked_fill(mask, double.NegativeInfinity), 2, 0.3, KdReduction.BatchMean);
    });

    [Fact]
    public void Equal_logits_have_the_curvature_of_the_divergence()
    {
        // A tie of both distributions: a composed form by maximum and minimum would lose the second derivative here.
        var equal = LogitPairChecks.Input(31);
        GradCheck.SecondOrder(
            v => KdFunctional.Jsd(v[0], equal.detach(), 2, 0.3, KdReduction.Sum), equal.detach().clone().requires_grad_());
    }

    [Fact]
    public void Equal_logits_give_exactly_zero()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(11, ScalarType.Float32, 16, 100).requires_grad_();
        var loss = KdFunctional.Jsd(student, student.detach().clone(), 4, 0.5, KdReduction.Sum);
        loss.backward();
        Assert.Equal(0, loss.item<float>());
        Assert.True(student.grad!.abs().max().item<float>() <= 1e-8f);
    }

    [Fact]
    public void The_module_takes_the_settings_of_the_function()
    {
        using var scope = NewDisposeScope();
        var (s, t) = (Logits.Random(1, ScalarType.Float32, 6, 40), Logits.Random(2, ScalarType.Float32, 6, 40));
        using var module = new JsdLoss(2, 1, KdReduction.Sum, tSquared: false, klAtEnds: true);
        Comparison.Close(KdFunctional.ReverseKl(s, t, 2, KdReduction.Sum, tSquared: false), module.call(s, t), 0, 0);
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
        "expected a temperature in", () => KdFunctional.Jsd(zeros(4, 3), zeros(4, 3), temperature, 0.5, KdReduction.Sum));

    [Fact]
    public void Rejects_a_share_outside_of_zero_to_one() => LogitPairChecks.Refused<ArgumentOutOfRangeException>(
        "expected a number in [0, 1] but got 1.5", () => KdFunctional.Jsd(zeros(4, 3), zeros(4, 3), 2, 1.5, KdReduction.Sum));

    private static Tensor Loss(Tensor student, Tensor teacher, KdReduction reduction, long? dim) =>
        KdFunctional.Jsd(student, teacher, 4, 0.3, reduction, dim: dim);
}
