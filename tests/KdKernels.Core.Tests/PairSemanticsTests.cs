namespace KdKernels.Core.Tests;

/// <summary>
/// Reverse divergence, total variation and decoupled distillation: defects elsewhere, closed forms, arguments.
/// </summary>
public class PairSemanticsTests
{
    private const double Infinity = double.PositiveInfinity;

    public static TheoryData<PairOp> Ops => [.. Enum.GetValues<PairOp>()];

    [Fact]
    public void The_reverse_divergence_is_the_plain_one_with_exchanged_operands() => Everywhere((layout, type) =>
    {
        foreach (double temperature in new[] { 1, 4, Infinity })
        {
            bool limit = double.IsPositiveInfinity(temperature);
            double[] s = Logits.Random(6, 37, 1, type), t = Logits.Random(6, 37, 2, type);
            double[]? weights = limit ? null : Logits.Weights(37, 3, type);
            long[] labels = Logits.Labels(6, 37, 4, ignored: true);
            var reverse = new PairRun
            {
                Op = PairOp.ReverseKl,
                Outer = 2,
                Inner = 3,
                Classes = 37,
                Layout = layout,
                Type = type,
                Student = s,
                Teacher = t,
                Temperature = temperature,
                Weights = weights,
                Labels = labels,
            }.Execute();
            var plain = new KlRun
            {
                Outer = 2,
                Inner = 3,
                Classes = 37,
                Layout = layout,
                Type = type,
                Student = t,
                Teacher = s,
                Temperature = temperature,
                Weights = weights,
                Labels = labels,
            }.Execute();
            Assert.Equal(plain.Loss, reverse.Loss);
            Assert.Equal(plain.TeacherGradient, reverse.StudentGradient);
            Assert.Equal(plain.StudentGradient, reverse.TeacherGradient);
        }
    });

    [Fact]
    public void The_reverse_divergence_is_infinite_where_only_the_teacher_excludes() => Everywhere((layout, type) =>
    {
        Assert.True(Run(PairOp.ReverseKl, layout, type, [1, -Infinity, 2], [0, 1, 3]).Check().Loss[0] is > 0 and < 10);
        Assert.Equal(Infinity, Run(PairOp.ReverseKl, layout, type, [0, 1, 3], [1, -Infinity, 2]).Loss[0]);
        var e = Assert.Throws<ArgumentException>(
            () => Run(PairOp.ReverseKl, layout, type, [0, 1, 3], [1, -Infinity, 2], temperature: Infinity));
        Assert.Equal("teacher", e.ParamName);
    });

    [Fact]
    public void Total_variation_reaches_one_and_takes_excluded_classes() => Everywhere((layout, type) =>
    {
        Assert.Equal(1, Run(PairOp.TotalVariation, layout, type, [0, 1e4, 0], [1e4, 0, 0]).Loss[0], 6);
        double[] first = [1, -Infinity, -Infinity];
        Assert.Equal(1, Run(PairOp.TotalVariation, layout, type, [-Infinity, 1, 0], first).Loss[0], 6);
        Run(PairOp.TotalVariation, layout, type, [1, -Infinity, 2, 0], [0, -Infinity, 3, 1]).Check();
        Run(PairOp.TotalVariation, layout, type, [1, -Infinity, 2, 0], [0, 1, 3, 1]).Check();
    });

    [Fact]
    public void Total_variation_has_no_gradient_at_ties() => Everywhere((layout, type) =>
    {
        // Logits shifted as a whole are the same distribution.
        PairRun run = Run(PairOp.TotalVariation, layout, type, [1025, 1024.5, 1023.75, 1026], [1, 0.5, -0.25, 2]);
        Assert.All(run.Loss.Concat(run.StudentGradient).Concat(run.TeacherGradient), v => Assert.Equal(0, v));
    });

    [Fact]
    public void Total_variation_of_a_dominating_class_keeps_its_digits() => Everywhere((layout, type) =>
    {
        // The gradient of class 0 is q·(mass on the other side); ½ − (½ − little) would lose it.
        Run(PairOp.TotalVariation, layout, type, [20, 1, 0, 0], [21, 0, 0.5, 0], temperature: 1).Check();
    });

    [Fact]
    public void Two_classes_leave_nothing_within_the_rest() => Everywhere((layout, type) =>
    {
        // A binary task makes the second part identically 0.
        var run = new PairRun
        {
            Op = PairOp.DecoupledKd,
            Outer = 1,
            Inner = 2,
            Classes = 2,
            Layout = layout,
            Type = type,
            Student = [1, -2, 0.5, 3],
            Teacher = [0, 1, 2, -1],
            Labels = [0, 1],
            TargetWeight = 0,
            OtherWeight = 8,
        }.Execute();
        Assert.All(run.Loss.Concat(run.StudentGradient).Concat(run.TeacherGradient), v => Assert.Equal(0, v));
    });

    [Fact]
    public void A_dominating_label_does_not_take_the_logarithm_of_an_underflowed_rest() => Everywhere((layout, type) =>
    {
        // The rest's summed probability is 0 in single precision; the authors' code takes its logarithm.
        foreach ((double alpha, double beta) in new[] { (1.0, 0.0), (0, 1), (1, 8) })
        {
            foreach ((double[] s, double[] t) in new (double[], double[])[]
            {
                ([0, 1, 0, 3], [1000, 0, 0, 1]), ([900, 1, 0, 2], [1000, 0, 0, 1]), ([1000, 0, 0, 1], [0, 1, 0, 3]),
                ([-1000, 0, 0, 1], [0, 1, 0, 3]), ([0, 1, 0, 3], [-1000, 0, 0, 1]),
            })
            {
                Decoupled(layout, type, s, t, alpha, beta, label: 0).Check();
            }
        }
    });

    [Fact]
    public void Logits_far_below_minus_1000_are_not_the_mask() => Everywhere((layout, type) =>
    {
        // Masking the label by −1000 lets it back in where all the others are lower still.
        Decoupled(layout, type, [5, -4000, -4001], [3, -4002, -4000], 1, 8, label: 0).Check();
    });

    [Fact]
    public void Decoupled_excluded_classes_follow_the_stated_rules() => Everywhere((layout, type) =>
    {
        Decoupled(layout, type, [1, -Infinity, 2, 0], [0, -Infinity, 3, 1], 1, 8, label: 2).Check();
        Decoupled(layout, type, [1, 2, 2, 0], [0, -Infinity, 3, 1], 1, 8, label: 2).Check();
        Assert.Equal(Infinity, Decoupled(layout, type, [1, -Infinity, 2, 0], [0, 1, 3, 1], 1, 8, label: 2).Loss[0]);
        // A part of weight 0 is left out even where it is infinite.
        PairRun run = Decoupled(layout, type, [1, -Infinity, 2, 0], [0, 1, 3, 1], 1, 0, label: 2);
        Assert.True(double.IsFinite(run.Loss[0]));
        // The label itself.
        Decoupled(layout, type, [1, 4, 2, 0], [0, -Infinity, 3, 1], 1, 8, label: 1).Check();
        Assert.Equal(Infinity, Decoupled(layout, type, [1, -Infinity, 2, 0], [0, 1, 3, 1], 1, 8, label: 1).Loss[0]);
        Decoupled(layout, type, [1, -Infinity, 2, 0], [0, -Infinity, 3, 1], 1, 8, label: 1).Check();
        // Nothing but the label.
        Assert.Equal(
            double.NaN, Decoupled(layout, type, [1, 2, 3], [-Infinity, 1, -Infinity], 1, 8, label: 1).Loss[0]);
    });

    [Fact]
    public void A_nan_label_logit_is_not_hidden_by_a_weight_of_zero() => Everywhere((layout, type) =>
    {
        PairRun run = Decoupled(layout, type, [1, double.NaN, 2, 0], [0, 1, 3, 1], 0, 8, label: 1);
        Assert.Equal(double.NaN, run.Loss[0]);
        Assert.All(run.StudentGradient, g => Assert.Equal(double.NaN, g));
    });

    [Theory, MemberData(nameof(Ops))]
    public void Rejects_what_does_not_fit(PairOp op)
    {
        PairRun Valid() => Run(op, Layout.Contiguous, KdElementType.Float32, [1, 2, 3], [3, 2, 1]);
        Valid();
        foreach (double temperature in new[] { 0, -1, double.NaN, -Infinity, 1e-101, 1e101 })
        {
            var e = Assert.Throws<ArgumentOutOfRangeException>(
                () => Run(op, Layout.Contiguous, KdElementType.Float32, [1, 2, 3], [3, 2, 1], temperature));
            Assert.Equal("temperature", e.ParamName);
        }

        if (op is PairOp.TotalVariation or PairOp.DecoupledKd)
        {
            Assert.Throws<ArgumentOutOfRangeException>(
                () => Run(op, Layout.Contiguous, KdElementType.Float32, [1, 2, 3], [3, 2, 1], temperature: Infinity));
        }

        var run = new PairRun { Op = op, Outer = 1, Classes = 3, Student = [], Teacher = [], Labels = [1] };
        using GuardedTensor logits = Tensor(3), other = Tensor(2), loss = Tensor(1);
        using var labels = new GuardedTensor(KdElementType.Int64, 1, 1, 1, Layout.Contiguous);
        labels[0, 0] = 1;
        PairCall Call(RowsView student, RowsView teacher) => new(run, student, teacher, null, labels.View);
        Message(
            "expected shape [1, 1, 3] but got [1, 1, 2]",
            "teacher",
            () => Call(logits.View, other.View).Forward(loss.View));
        Message(
            "expected element type Float32 but got Float64",
            "teacher",
            () => Call(logits.View, logits.View with { ElementType = KdElementType.Float64 }).Forward(loss.View));
        Message(
            "expected shape [1, 1, 1] but got [1, 1, 2]",
            "loss",
            () => Call(logits.View, logits.View).Forward(other.View));
        Message(
            "expected shape [1, 1, 3] but got [1, 1, 2]",
            "studentGradient",
            () => Call(logits.View, logits.View).ForwardWithGradient(loss.View, other.View, null));
        Message(
            "expected shape [1, 1, 3] but got [1, 1, 2]",
            "teacherGradient",
            () => Call(logits.View, logits.View).Backward(loss.View, null, other.View));
        Message(
            "got a null address",
            "student",
            () => Call(logits.View with { Data = 0 }, logits.View).Forward(loss.View));
        Message(
            "expected memory on cuda:0, as the logits, but got cpu",
            "teacher",
            () => Call(logits.View with { Device = KdDevice.Cuda(0) }, logits.View).Forward(loss.View));
    }

    [Fact]
    public void Decoupled_rejects_labels_weights_and_single_classes()
    {
        Message(
            "expected labels in [0, 3) or the ignored index -100 but got 3 in row 0",
            "labels",
            () => Decoupled(Layout.Contiguous, KdElementType.Float32, [1, 2, 3], [3, 2, 1], 1, 8, label: 3));
        Message(
            "expected 2 classes or more, one of them the label's, but got [1, 1, 1]",
            "student",
            () => Decoupled(Layout.Contiguous, KdElementType.Float32, [1], [3], 1, 8, label: 0));
        foreach (double weight in new[] { -1, double.NaN, Infinity })
        {
            var e = Assert.Throws<ArgumentOutOfRangeException>(
                () => Decoupled(Layout.Contiguous, KdElementType.Float32, [1, 2], [3, 2], weight, 8, label: 0));
            Assert.Equal("alpha", e.ParamName);
            e = Assert.Throws<ArgumentOutOfRangeException>(
                () => Decoupled(Layout.Contiguous, KdElementType.Float32, [1, 2], [3, 2], 1, weight, label: 0));
            Assert.Equal("beta", e.ParamName);
        }
    }

    private static void Message(string expected, string name, Action action)
    {
        var e = Assert.Throws<ArgumentException>(action);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Equal(name, e.ParamName);
    }

    private static GuardedTensor Tensor(int length) =>
        GuardedTensor.Input(KdElementType.Float32, 1, 1, length, Layout.Contiguous, new double[length]);

    private static PairRun Decoupled(
        Layout layout, KdElementType type, double[] student, double[] teacher, double alpha, double beta, long label) =>
        new PairRun
        {
            Op = PairOp.DecoupledKd,
            Outer = 1,
            Classes = student.Length,
            Layout = layout,
            Type = type,
            Student = student,
            Teacher = teacher,
            Temperature = 1,
            TargetWeight = alpha,
            OtherWeight = beta,
            Labels = [label],
            Reduction = KdReduction.None,
        }.Execute();

    private static PairRun Run(
        PairOp op, Layout layout, KdElementType type, double[] student, double[] teacher, double temperature = 2) =>
        new PairRun
        {
            Op = op,
            Outer = 1,
            Inner = 3,
            Classes = student.Length,
            Layout = layout,
            Type = type,
            Student = [.. student, .. student, .. student],
            Teacher = [.. teacher, .. teacher, .. teacher],
            Temperature = temperature,
            Labels = op == PairOp.DecoupledKd ? [0, 1, 2] : null,
            Reduction = KdReduction.None,
        }.Execute();

    private static void Everywhere(Action<Layout, KdElementType> body) => Widths.ForEach(() =>
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels })
            foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 }) body(layout, type);
    });
}
