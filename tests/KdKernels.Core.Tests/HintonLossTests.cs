namespace KdKernels.Core.Tests;

/// <summary>HintonLoss against the oracle, and what it promises beside numbers.</summary>
public class HintonLossTests
{
    public static TheoryData<int, int, int, Layout> Shapes => new()
    {
        { 0, 1, 10, Layout.Contiguous },
        { 1, 1, 1, Layout.Contiguous },
        { 3, 7, 1, Layout.Channels },
        { 5, 1, 2, Layout.Contiguous },
        { 2, 19, 3, Layout.Channels },
        { 4, 1, 15, Layout.Contiguous },
        { 4, 1, 16, Layout.Contiguous },
        { 4, 1, 17, Layout.Contiguous },
        { 2, 2, 33, Layout.Sliced },
        { 2, 70, 21, Layout.Channels },
        { 1, 33, 21, Layout.ChannelsSliced },
        { 2, 3, 21, Layout.Scattered },
        { 3, 1, 21, Layout.Reversed },
        { 3, 2, 100, Layout.Contiguous },
        { 2, 17, 300, Layout.Channels },
        { 3, 1, 1009, Layout.Contiguous },
        { 2, 1, 32001, Layout.Contiguous },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_metrics_and_gradient_match_the_oracle(
        int outer, int inner, int classes, Layout layout) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
        {
            foreach (double temperature in new[] { 1, 4, double.PositiveInfinity })
                Case(outer, inner, classes, layout, type, temperature, KdReduction.BatchMean).Check();
        }
    });

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_weights_mask_and_upstream(KdReduction reduction)
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
        {
            foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
            {
                foreach (double alpha in new[] { 0, 0.3, 1 })
                {
                    for (int options = 0; options < 8; options++)
                        Case(4, 9, 37, layout, type, 3, reduction, options, alpha).Check();
                }
            }
        }
    }

    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Channels)]
    public void The_first_of_equal_largest_logits_counts(Layout layout)
    {
        double[] student = [1, 3, 3, 0, /**/ 2, 2, 2, 2, /**/ 0, 1, 5, 5];
        double[] teacher = [0, 3, 3, 3, /**/ 0, 2, 1, 2, /**/ 5, 1, 0, 5];
        HintonRun run = new HintonRun
        {
            Outer = 1,
            Inner = 3,
            Classes = 4,
            Layout = layout,
            Student = student,
            Teacher = teacher,
            Labels = [2, 0, 2],
        }.Check();
        Assert.Equal([2.0, 1.0, 3.0], run.Totals[5..]);
    }

    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Channels)]
    public void A_term_of_weight_zero_is_left_out_even_where_it_is_infinite(Layout layout)
    {
        double[] student = [1, double.NegativeInfinity, 2, 0, 1, 2], teacher = [1, 2, 3, 3, 2, 1];
        HintonRun Run(double alpha, long label) => new HintonRun
        {
            Outer = 1,
            Inner = 2,
            Classes = 3,
            Layout = layout,
            Student = student,
            Teacher = teacher,
            Labels = [label, 2],
            Alpha = alpha,
        }.Check();
        Assert.True(double.IsFinite(Run(0, 2).Loss[0]));
        Assert.Equal(double.PositiveInfinity, Run(0, 1).Loss[0]);
        Assert.Equal(double.PositiveInfinity, Run(0.5, 2).Loss[0]);
        Assert.All(Run(0.5, 2).Gradient, g => Assert.True(double.IsFinite(g)));
    }

    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Channels)]
    public void NaN_poisons_its_row_only_and_is_neither_hit_nor_agreement(Layout layout)
    {
        foreach (bool inTeacher in new[] { false, true })
        {
            double[] student = Logits.Random(4, 20, 1, KdElementType.Float32), teacher = [.. student];
            (inTeacher ? teacher : student)[25] = double.NaN;
            long[] labels = [.. Enumerable.Range(
                0, 4).Select(r => (long)Array.IndexOf(student, student.Skip(r * 20).Take(20).Max()) % 20)];
            labels[1] = 0;
            HintonRun run = new HintonRun
            {
                Outer = 2,
                Inner = 2,
                Classes = 20,
                Layout = layout,
                Student = student,
                Teacher = teacher,
                Labels = labels,
                Reduction = KdReduction.None,
            }.Execute();
            Assert.Equal([false, true, false, false], run.Loss.Select(double.IsNaN));
            Assert.Equal([3.0, 3.0, 4.0], run.Totals[5..]);
            Assert.All(run.Gradient[20..40], g => Assert.True(double.IsNaN(g)));
            Assert.All(run.Gradient[40..], g => Assert.False(double.IsNaN(g)));
        }
    }

    [Fact]
    public void A_label_outside_of_the_classes_is_named_and_nothing_is_written()
    {
        using var gradient = new GuardedTensor(KdElementType.Float32, 2, 1, 3, Layout.Contiguous);
        foreach (long label in new[] { 3L, -1L, long.MaxValue })
        {
            using GuardedTensor logits = GuardedTensor.Input(
                KdElementType.Float32, 2, 1, 3, Layout.Contiguous, new double[6]);
            using var labels = new GuardedTensor(KdElementType.Int64, 2, 1, 1, Layout.Contiguous);
            using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
            Label(labels, 0, 1);
            Label(labels, 1, label);
            double before = gradient[0, 0];
            var e = Assert.Throws<ArgumentException>(() => HintonLoss.ForwardWithGradient(
                logits.View, logits.View, labels.View, new HintonLossSettings(
                    0.5, 1, KdReduction.Sum), loss.View, gradient.View));
            Assert.Contains(
                $"expected labels in [0, 3) or the ignored index -100 but got {label} in row 1",
                e.Message,
                StringComparison.Ordinal);
            Assert.Equal(before, gradient[0, 0]);
        }
    }

    [Fact]
    public unsafe void Totals_can_be_written_into_the_struct()
    {
        using GuardedTensor logits = GuardedTensor.Input(
            KdElementType.Float32, 2, 1, 3, Layout.Contiguous, [1, 2, 3, 3, 2, 1]);
        using GuardedTensor labels = GuardedTensor.Input(KdElementType.Int64, 2, 1, 1, Layout.Contiguous, [2, 1]);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        HintonTotals totals = default;
        var view = RowsView.Vector((nint)(&totals), KdElementType.Float64, HintonTotals.Count);
        HintonLoss.Forward(
            logits.View, logits.View, labels.View, new HintonLossSettings(
                0.5, 1, KdReduction.Sum), loss.View, totals: view);
        Assert.Equal((1.0, 2.0, 2.0, 0.0), (totals.Hits, totals.Agreements, totals.ValidRows, totals.Kl));
        Assert.Equal(totals.Loss, totals.CrossEntropy / 2, 12);
        Assert.Equal(totals.StudentEntropy, totals.TeacherEntropy, 6);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(33)]
    public void Lanes_behind_the_last_class_add_no_entropy_however_large_the_logits(int classes)
    {
        double[] logits = [.. Enumerable.Repeat(Math.ScaleB(1, 40), classes)];
        HintonRun run = new HintonRun
        {
            Outer = 1,
            Classes = classes,
            Student = logits,
            Teacher = logits,
            Labels = [0],
            Temperature = 1,
        }.Execute();
        Assert.Equal(Math.Log(classes), run.Totals[3], 5);
        Assert.Equal(Math.Log(classes), run.Totals[4], 5);
    }

    internal static HintonRun Case(
        int outer,
        int inner,
        int classes,
        Layout layout,
        KdElementType type,
        double temperature,
        KdReduction reduction,
        int options = 0,
        double alpha = 0.9)
    {
        int rows = outer * inner;
        double[] student = Logits.Random(rows, classes, 1, type);
        return new HintonRun
        {
            Outer = outer,
            Inner = inner,
            Classes = classes,
            Layout = layout,
            Type = type,
            Temperature = temperature,
            Reduction = reduction,
            Alpha = alpha,
            Student = student,
            Teacher = Logits.Near(student, 1, 2, type),
            Labels = Logits.Labels(rows, classes, 4, ignored: (options & 2) != 0),
            Weights = (options & 1) != 0 ? Logits.Weights(classes, 3, type) : null,
            Upstream = (options & 4) == 0 ? null
                : Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false),
        };
    }

    private static unsafe void Label(GuardedTensor labels, int row, long value) =>
        ((long*)labels.View.Data)[row] = value;
}
