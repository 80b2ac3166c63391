using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>What AttentionSquared means where a naive one is wrong.</summary>
public class AttentionSquaredSemanticsTests
{
    public static TheoryData<AttentionForm> Forms => [AttentionForm.Code, AttentionForm.Paper];

    [Theory, MemberData(nameof(Forms))]
    public void A_map_of_zeros_has_no_gradient_and_no_nan(AttentionForm form)
    {
        OracleMaps zeros = FeatureMapData.Random(1, 2, 5, 3, 3) with { Values = new double[90] };
        OracleMaps teacher = FeatureMapData.Random(2, 2, 5, 3, 3);
        AttentionRun both = new AttentionRun { Student = zeros, Teacher = zeros, Form = form }.Check();
        Assert.Equal(0, both.Loss[0]);
        Assert.All(both.Gradient, g => Assert.Equal(0, g));
        AttentionRun one = new AttentionRun { Student = zeros, Teacher = teacher, Form = form, Power = 1 }.Check();
        Assert.All(one.Gradient, g => Assert.Equal(0, g));

        // Against a map of zeros the distance is 1 wherever the student stands.
        AttentionRun other = new AttentionRun { Student = teacher, Teacher = zeros, Form = form }.Execute();
        Assert.Equal(form == AttentionForm.Code ? 2 : 1, other.Loss[0], 1e-6);
        Assert.All(other.Gradient, g => Assert.Equal(0, g, 1e-15));
    }

    [Theory, MemberData(nameof(Forms))]
    public void Below_the_smallest_norm_the_gradient_is_zero(AttentionForm form)
    {
        // Squares of 1e-7 add up to less than 1e-12.
        OracleMaps teacher = FeatureMapData.Random(3, 2, 3, 2, 2, KdElementType.Float64);
        OracleMaps faint = teacher with { Values = [.. teacher.Values.Select((v, i) => 1e-8 * Math.Sin(v + i))] };
        AttentionRun run = new AttentionRun { Student = faint, Teacher = teacher, Form = form, Type = KdElementType.Float64 };
        run.Check();
        Assert.All(run.Gradient, g => Assert.Equal(0, g));
    }

    [Fact]
    public void The_papers_norm_has_no_gradient_at_equal_maps()
    {
        OracleMaps maps = FeatureMapData.Random(4, 3, 5, 3, 3);
        AttentionRun run = new AttentionRun { Student = maps, Teacher = maps, Form = AttentionForm.Paper }.Execute();
        Assert.Equal(0, run.Loss[0]);
        Assert.All(run.Gradient, g => Assert.Equal(0, g));
    }

    [Theory, MemberData(nameof(Forms))]
    public void Nearly_equal_maps_keep_the_digits_of_their_difference(AttentionForm form)
    {
        // The cosine of these is 1 in single precision, and 2 − 2cos is rounding error.
        OracleMaps teacher = FeatureMapData.Random(5, 4, 64, 7, 7);
        foreach (double distance in new[] { 1e-3, 1e-5, 1e-6 })
        {
            double[] near = Logits.Near(teacher.Values, distance, 6, KdElementType.Float32);
            Widths.ForEach(() => new AttentionRun
            {
                Student = teacher with { Values = near },
                Teacher = teacher,
                Form = form,
                Reduction = KdReduction.None,
            }.Check(tolerance: 1e-6));
        }
    }

    [Fact]
    public void Scaling_a_map_changes_nothing()
    {
        OracleMaps student = FeatureMapData.Random(7, 2, 5, 3, 3), teacher = FeatureMapData.Random(8, 2, 5, 3, 3);
        OracleMaps scaled = student with { Values = [.. student.Values.Select(v => 1024 * v)] };
        Assert.Equal(
            new AttentionRun { Student = student, Teacher = teacher }.Execute().Loss[0],
            new AttentionRun { Student = scaled, Teacher = teacher }.Execute().Loss[0]);
    }

    [Fact]
    public void Fourth_powers_of_any_float_are_in_range()
    {
        OracleMaps teacher = FeatureMapData.Random(9, 2, 5, 3, 3);
        foreach (double size in new[] { 1e-9, 1e30, 1e35 })
        {
            OracleMaps student = teacher with
            {
                Values = Logits.Round([.. teacher.Values.Select((v, i) => size * (v + (i % 3)))], KdElementType.Float32),
            };
            AttentionRun run = new AttentionRun { Student = student, Teacher = teacher, Power = 4 }.Execute();
            double expected = AttentionSquaredOracle.Compute(
                student with { Values = [.. student.Values.Select(v => v / size)] },
                teacher,
                paper: false,
                power: 4,
                channelMean: false,
                beta: 1,
                OracleReduction.Sum).Loss;
            if (size > 1) Assert.Equal(expected, run.Loss[0], expected * 1e-6);
            Assert.All(run.Gradient, g => Assert.True(double.IsFinite(g)));
        }
    }

    [Fact]
    public void A_nan_or_an_infinity_poisons_its_sample_alone()
    {
        foreach (double poison in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous })
            {
                OracleMaps student = FeatureMapData.Random(10, 3, 5, 3, 3), teacher = FeatureMapData.Random(11, 3, 5, 3, 3);
                student.Values[45 + 7] = poison;
                AttentionRun run = new AttentionRun
                {
                    Student = student,
                    Teacher = teacher,
                    Layout = layout,
                    Reduction = KdReduction.None,
                }.Check();
                Assert.Equal(double.NaN, run.Loss[1]);
                Assert.All(run.Gradient[45..90], g => Assert.Equal(double.NaN, g));
                Assert.All(run.Gradient[..45], g => Assert.True(double.IsFinite(g)));
                student.Values[45 + 7] = 0;
                teacher.Values[45 + 7] = poison;
                Assert.Equal(
                    double.NaN,
                    new AttentionRun { Student = student, Teacher = teacher, Layout = layout }.Execute().Loss[0]);
            }
        }
    }

    [Fact]
    public void An_expanded_batch_is_read_in_place()
    {
        OracleMaps one = FeatureMapData.Random(12, 1, 5, 1, 1);
        OracleMaps many = new([.. one.Values, .. one.Values, .. one.Values], 3, 5, 1, 1);
        new AttentionRun { Student = many, Teacher = many, Layout = Layout.Expanded }.Check();
    }

    [Fact]
    public void Without_samples_sums_are_zero_and_means_are_nan()
    {
        OracleMaps none = new([], 0, 3, 2, 2);
        double Loss(KdReduction reduction) =>
            new AttentionRun { Student = none, Teacher = none, Reduction = reduction }.Execute().Loss[0];
        Assert.Equal(0, Loss(KdReduction.Sum));
        Assert.Equal(double.NaN, Loss(KdReduction.Mean));
        Assert.Equal(double.NaN, Loss(KdReduction.BatchMean));
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var code = new AttentionSquaredSettings(AttentionForm.Code, 2, ChannelReduction.Sum, 1, KdReduction.Sum);
        Expect<ArgumentOutOfRangeException>("expected a power of 1, 2 or 4 but got 3", code with { Power = 3 });
        Expect<ArgumentOutOfRangeException>(
            "expected Sum or Mean over channels but got 7", code with { Channels = (ChannelReduction)7 });
        Expect<ArgumentOutOfRangeException>(
            "expected the form Code or Paper but got 5", code with { Form = (AttentionForm)5 });
        Expect<ArgumentOutOfRangeException>("expected a finite beta but got Infinity", code with { Beta = double.PositiveInfinity });
        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9", code with { Reduction = (KdReduction)9 });
        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum or BatchMean for the paper's form",
            code with { Form = AttentionForm.Paper, Reduction = KdReduction.Mean });
        Expect<ArgumentException>("expected 5 rows for H = 5, W = 1 but got 4", code, s => s with { Height = 5, Width = 1 });
        Expect<ArgumentException>("expected a channel and between 1", code, s => s with { Height = 0 });
        Expect<ArgumentException>(
            "expected element type Float64, as student has, but got Float32",
            code,
            s => s with { Rows = s.Rows with { ElementType = KdElementType.Float64 } });
        Expect<ArgumentException>(
            "expected 1 samples, as student has, but got 2", code, s => s with { Rows = s.Rows with { Outer = 1 } });
        Expect<ArgumentException>(
            "expected memory on cuda:0, where student is, but got cpu",
            code,
            s => s with { Rows = s.Rows with { Device = KdDevice.Cuda(0) } });
        Expect<ArgumentException>("expected shape [2, 1, 1] but got [1, 1, 1]", code with { Reduction = KdReduction.None });
    }

    private static void Expect<TException>(
        string message, AttentionSquaredSettings settings, Func<MapView, MapView>? change = null)
        where TException : Exception
    {
        OracleMaps maps = FeatureMapData.Random(1, 2, 3, 2, 2);
        using GuardedTensor features = FeatureMapData.Input(maps, KdElementType.Float32, Layout.Channels);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        MapView view = features.View(maps);
        var e = Assert.Throws<TException>(
            () => AttentionSquared.Forward(change?.Invoke(view) ?? view, view, settings, loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
