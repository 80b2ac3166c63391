namespace KdKernels.Core.Tests;

/// <summary>VidLikelihood against the oracle over the table of shapes, and what it means where a naive one fails.</summary>
public class VidLikelihoodTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    [Theory, MemberData(nameof(TemperedKlTests.Shapes), MemberType = typeof(TemperedKlTests))]
    public void Loss_and_gradients_match_the_oracle(int outer, int inner, int channels, Layout layout) =>
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types) VidRun.Case(outer, inner, channels, layout, type).Check();
        });

    [Theory]
    [InlineData(2, 5000, 3, Layout.Channels)]
    [InlineData(70, 1, 130, Layout.Contiguous)]
    [InlineData(3, 1400, 5, Layout.Contiguous)]
    public void Large_planes_and_many_rows_match_too(int outer, int inner, int channels, Layout layout)
    {
        foreach (KdElementType type in Types)
        {
            VidRun.Case(outer, inner, channels, layout, type).Check();
            VidRun.Case(outer, inner, channels, layout, type, KdReduction.None, upstream: true).Check();
        }
    }

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_and_without_an_upstream_gradient(KdReduction reduction) =>
        Widths.ForEach(() =>
        {
            foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
            {
                foreach (KdElementType type in Types)
                {
                    foreach (bool upstream in new[] { false, true })
                    {
                        foreach (bool constant in new[] { false, true })
                            VidRun.Case(4, 9, 37, layout, type, reduction, upstream, constant).Check();
                    }
                }
            }
        });

    [Fact]
    public void Student_teacher_and_gradient_may_have_different_layouts()
    {
        foreach ((Layout student, Layout teacher, Layout gradient) in new[]
        {
            (Layout.Contiguous, Layout.Channels, Layout.Scattered),
            (Layout.Channels, Layout.ChannelsSliced, Layout.Channels),
            (Layout.Channels, Layout.Channels, Layout.Contiguous),
            (Layout.Contiguous, Layout.Sliced, Layout.Channels),
        })
        {
            VidRun run = VidRun.Case(2, 20, 11, student, KdElementType.Float32);
            new VidRun
            {
                Outer = 2,
                Inner = 20,
                Channels = 11,
                Layout = student,
                TeacherLayout = teacher,
                GradientLayout = gradient,
                Student = run.Student,
                Teacher = run.Teacher,
                Rho = run.Rho,
            }.Check();
        }
    }

    [Theory]
    [InlineData(KdElementType.Float32)]
    [InlineData(KdElementType.Float64)]
    public void Softplus_neither_overflows_nor_vanishes(KdElementType type)
    {
        // log(1 + e^x) is infinite in single precision from 89 on; and at −20 it is 2e-9, far below ε.
        VidRun run = Features([-20, 0, 100, 800, -800, 20], type).Check();
        Assert.True(double.IsFinite(run.Loss[0]));
        Assert.All(run.RhoGradient, g => Assert.True(double.IsFinite(g)));
    }

    [Fact]
    public void A_channel_without_residual_shrinks_its_variance()
    {
        VidRun run = Features([-20, 0, 100], KdElementType.Float32);
        run.Teacher.CopyTo(run.Student, 0);
        run.Check();
        Assert.All(run.RhoGradient, g => Assert.True(g > 0));
        Assert.All(run.StudentGradient, g => Assert.Equal(0, g));
    }

    [Fact]
    public void A_single_channel_is_a_gaussian_with_one_variance()
    {
        // ρ = log(e − 1): v = 1 + ε.
        VidRun run = new VidRun
        {
            Outer = 2,
            Channels = 1,
            Type = KdElementType.Float64,
            Student = [1, 4],
            Teacher = [3, 1],
            Rho = [VidLikelihood.InitialRho(1)],
            WithConstant = true,
        }.Check();
        Assert.Equal((0.25 * (4 + 9)) + (0.5 * Math.Log(2 * Math.PI)), run.Loss[0], 12);
        Assert.Equal([-1, 1.5], run.StudentGradient.Select(g => Math.Round(g, 12)));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1e-3)]
    [InlineData(1e-9)]
    [InlineData(1)]
    [InlineData(1000)]
    public void The_initial_rho_gives_the_wanted_variance(double variance)
    {
        double epsilon = variance < 1e-4 ? 1e-12 : VidLikelihood.DefaultEpsilon;
        double rho = VidLikelihood.InitialRho(variance, epsilon);
        // One element without residual: the loss is ½ log v.
        VidRun run = new VidRun
        {
            Outer = 1,
            Channels = 1,
            Type = KdElementType.Float64,
            Student = [0],
            Teacher = [0],
            Rho = [rho],
            Epsilon = epsilon,
        }.Check();
        Assert.Equal(variance, Math.Exp(2 * run.Loss[0]), variance * 1e-12);
    }

    [Fact]
    public void The_initial_rho_is_the_published_formula()
    {
        Assert.Equal(Math.Log(Math.Exp(5 - 1e-5) - 1), VidLikelihood.InitialRho(5), 14);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_feature_that_is_no_number_poisons_its_row_and_its_channel_alone(double value)
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
        {
            VidRun run = VidRun.Case(1, 20, 5, layout, KdElementType.Float32, KdReduction.None);
            run.Student[17] = value;
            run.Check();
            Assert.Equal(19, run.Loss.Count(double.IsFinite));
            Assert.Equal(99, run.StudentGradient.Count(double.IsFinite));
            Assert.Equal(4, run.RhoGradient.Count(double.IsFinite));
        }
    }

    [Fact]
    public void A_rho_that_is_nan_poisons_everything_that_uses_it()
    {
        foreach (KdReduction reduction in new[] { KdReduction.Mean, KdReduction.None })
        {
            VidRun run = VidRun.Case(2, 3, 4, Layout.Channels, KdElementType.Float32, reduction);
            run.Rho[2] = double.NaN;
            run.Check();
            Assert.All(run.Loss, loss => Assert.Equal(double.NaN, loss));
            Assert.Equal(double.NaN, run.RhoGradient[2]);
            Assert.Equal(3, run.RhoGradient.Count(double.IsFinite));
        }
    }

    [Fact]
    public void Without_rows_sums_are_zero_means_are_nan_and_rho_has_no_gradient()
    {
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            VidRun run = VidRun.Case(0, 1, 3, Layout.Contiguous, KdElementType.Float32, reduction).Execute();
            Assert.Equal([0, 0, 0], run.RhoGradient);
            if (reduction == KdReduction.None) continue;
            Assert.Equal(reduction == KdReduction.Sum ? 0 : double.NaN, run.Loss[0]);
        }
    }

    [Theory]
    [InlineData(Layout.Contiguous, KdElementType.Float32)]
    [InlineData(Layout.Contiguous, KdElementType.Float64)]
    [InlineData(Layout.Channels, KdElementType.Float32)]
    [InlineData(Layout.Channels, KdElementType.Float64)]
    [InlineData(Layout.Scattered, KdElementType.Float32)]
    public void Threads_and_repeats_do_not_change_a_bit(Layout layout, KdElementType type)
    {
        byte[]? expected = null, expectedRows = null;
        Threads.ForEach(() =>
        {
            VidRun run = VidRun.Case(7, 100, 101, layout, type).Execute();
            VidRun rows = VidRun.Case(7, 100, 101, layout, type, KdReduction.None, upstream: true).Execute();
            Assert.Equal(expected ??= run.Bits, run.Bits);
            Assert.Equal(expectedRows ??= rows.Bits, rows.Bits);
        });
    }

    [Fact]
    public void Either_gradient_may_be_left_out()
    {
        VidRun run = VidRun.Case(3, 4, 5, Layout.Contiguous, KdElementType.Float32).Execute();
        using GuardedTensor m = Tensor(run.Student), t = Tensor(run.Teacher);
        using GuardedTensor rho = GuardedTensor.Input(KdElementType.Float32, 1, 1, 5, Layout.Contiguous, run.Rho);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        using var dm = new GuardedTensor(KdElementType.Float32, 3, 4, 5, Layout.Contiguous);
        using var dr = new GuardedTensor(KdElementType.Float32, 1, 1, 5, Layout.Contiguous);
        var settings = new VidLikelihoodSettings(KdReduction.Mean);
        VidLikelihood.ForwardWithGradient(m.View, t.View, rho.View, settings, loss.View, dm.View, null);
        VidLikelihood.ForwardWithGradient(m.View, t.View, rho.View, settings, loss.View, null, dr.View);
        Assert.Equal(run.StudentGradient, dm.ToArray());
        Assert.Equal(run.RhoGradient, dr.ToArray());
        Assert.Equal(run.Loss, loss.ToArray());

        static GuardedTensor Tensor(double[] values) =>
            GuardedTensor.Input(KdElementType.Float32, 3, 4, 5, Layout.Contiguous, values);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1e-5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Rejects_an_epsilon_outside_of_the_range(double epsilon)
    {
        string message = $"expected an epsilon in [1e-30, 1e30] but got {epsilon}";
        Expect<ArgumentOutOfRangeException>(
            message,
            (m, rho, loss) => VidLikelihood.Forward(
                m, m, rho, new VidLikelihoodSettings(KdReduction.Mean) { Epsilon = epsilon }, loss));
        Assert.Contains(
            message,
            Assert.Throws<ArgumentOutOfRangeException>(() => VidLikelihood.InitialRho(5, epsilon)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1e-5)]
    [InlineData(0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Rejects_an_initial_variance_that_no_rho_gives(double variance) => Assert.Contains(
        $"expected a finite variance above epsilon = 1E-05 but got {variance}",
        Assert.Throws<ArgumentOutOfRangeException>(() => VidLikelihood.InitialRho(variance)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var plain = new VidLikelihoodSettings(KdReduction.Sum);
        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            (m, rho, loss) => VidLikelihood.Forward(m, m, rho, new((KdReduction)9), loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [1, 1, 3]",
            (m, rho, loss) => VidLikelihood.Forward(m, rho, rho, plain, loss));
        Expect<ArgumentException>(
            "expected shape [1, 1, 3] but got [1, 1, 1]",
            (m, rho, loss) => VidLikelihood.Forward(m, m, loss, plain, loss));
        Expect<ArgumentException>(
            "expected shape [1, 1, 1] but got [1, 1, 3]",
            (m, rho, loss) => VidLikelihood.Forward(m, m, rho, plain, rho));
        Expect<ArgumentException>(
            "expected shape [1, 1, 3] but got [2, 1, 3]",
            (m, rho, loss) => VidLikelihood.ForwardWithGradient(m, m, rho, plain, loss, m, m));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [1, 1, 3]",
            (m, rho, loss) => VidLikelihood.Backward(m, m, rho, plain, loss, rho, rho));
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cpu",
            (m, rho, loss) => VidLikelihood.Forward(m with { Device = KdDevice.Cuda(0) }, m, rho, plain, loss));
    }

    private static VidRun Features(double[] rho, KdElementType type)
    {
        const int Rows = 40;
        return new VidRun
        {
            Outer = Rows,
            Channels = rho.Length,
            Type = type,
            Student = Logits.Random(Rows, rho.Length, 1, type, outliers: false),
            Teacher = Logits.Random(Rows, rho.Length, 2, type, outliers: false),
            Rho = rho,
        };
    }

    private static void Expect<TException>(string message, Action<RowsView, RowsView, RowsView> call)
        where TException : Exception
    {
        using var mean = GuardedTensor.Input(KdElementType.Float32, 2, 1, 3, Layout.Contiguous, new double[6]);
        using var rho = GuardedTensor.Input(KdElementType.Float32, 1, 1, 3, Layout.Contiguous, new double[3]);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        var e = Assert.Throws<TException>(() => call(mean.View, rho.View, loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
