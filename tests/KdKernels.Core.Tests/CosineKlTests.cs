namespace KdKernels.Core.Tests;

/// <summary>CosineKl against the oracle over shapes, types, widths and settings; its edges and its determinism.</summary>
public class CosineKlTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    // Augmented rows, normal rows, student's and teacher's dimension: around blocks of 6 rows and 16 or 32 columns.
    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 0, 3, 5, 4 }, { 1, 1, 1, 1 }, { 3, 1, 4, 2 }, { 5, 2, 15, 7 }, { 6, 3, 16, 17 }, { 7, 15, 31, 3 }, { 12, 16, 33, 64 },
        { 13, 17, 32, 100 }, { 25, 33, 65, 129 }, { 48, 31, 127, 16 }, { 192, 64, 256, 128 }, { 3, 70, 1000, 5 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_and_gradients_match_the_oracle(int rows, int normals, int student, int teacher) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            CosineRun.Case(rows, normals, student, teacher, type).Check();
            CosineRun.Case(
                rows, normals, student, teacher, type, KdReduction.None, keep: true, upstream: true, temperature: 0.1).Check();
        }
    });

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_setting_matches(KdReduction reduction)
    {
        foreach (KdElementType type in Types)
        {
            foreach (double temperature in new[] { 0.07, 4, double.PositiveInfinity })
            {
                foreach (bool squared in new[] { true, false })
                {
                    if (double.IsInfinity(temperature) && !squared) continue;
                    CosineRun.Case(
                        11, 9, 21, 18, type, reduction, Layout.Sliced, keep: true, upstream: true, temperature, squared).Check();
                }
            }
        }
    }

    [Theory]
    [InlineData(Layout.Sliced)]
    [InlineData(Layout.Scattered)]
    [InlineData(Layout.Reversed)]
    public void Embeddings_and_gradients_may_have_any_strides(Layout layout)
    {
        foreach (KdElementType type in Types) CosineRun.Case(10, 7, 37, 20, type, layout: layout).Check();
    }

    [Theory]
    [InlineData(KdElementType.Float32, 1e-20)]
    [InlineData(KdElementType.Float32, 1e20)]
    [InlineData(KdElementType.Float64, 1e-120)]
    [InlineData(KdElementType.Float64, 1e120)]
    public void Norms_whose_squares_leave_the_type_are_still_norms(KdElementType type, double size)
    {
        // In single precision the squares are 0 or infinite. Below 1e-12 the norm is clamped, and the cosines are small.
        CosineRun run = CosineRun.Case(6, 5, 20, 8, type, KdReduction.None);
        for (int i = 0; i < run.TeacherAugmented.Length; i++) run.TeacherAugmented[i] *= size;
        Logits.Round(run.TeacherAugmented, type).CopyTo(run.TeacherAugmented, 0);
        for (int i = 0; i < 20; i++) run.StudentNormal[i] *= size;
        Logits.Round(run.StudentNormal, type).CopyTo(run.StudentNormal, 0);
        run.Check();
    }

    [Fact]
    public void A_row_of_zeros_has_a_finite_loss_and_no_gradient() => Widths.ForEach(() =>
    {
        // x/‖x‖ is NaN there, and the clamp's own derivative 1e12.
        CosineRun run = CosineRun.Case(4, 3, 20, 8, KdElementType.Float32);
        Array.Clear(run.StudentAugmented, 20, 20);
        Array.Clear(run.StudentNormal, 40, 20);
        Array.Clear(run.TeacherNormal, 0, 8);
        run.Check();
        Assert.All(run.AugmentedGradient[20..40], g => Assert.Equal(0, g));
        Assert.All(run.NormalGradient[40..60], g => Assert.Equal(0, g));
        Assert.All(run.Loss, l => Assert.True(double.IsFinite(l)));
    });

    [Fact]
    public void A_NaN_poisons_its_own_row() => Widths.ForEach(() =>
    {
        CosineRun run = CosineRun.Case(5, 3, 20, 8, KdElementType.Float32, KdReduction.None);
        run.StudentAugmented[45] = double.NaN;
        run.TeacherAugmented[8] = double.PositiveInfinity;
        run.Execute();
        Assert.Equal([false, true, true, false, false], run.Loss.Select(double.IsNaN));
    });

    [Fact]
    public void Rows_that_are_not_kept_count_for_nothing()
    {
        CosineRun run = CosineRun.Case(6, 5, 20, 8, KdElementType.Float64, KdReduction.BatchMean, keep: true);
        for (int d = 0; d < 20; d++) run.StudentAugmented[20 + d] = double.NaN;
        run.Execute();
        Assert.True(double.IsFinite(run.Loss[0]));
        Assert.All(run.AugmentedGradient[..20], g => Assert.True(double.IsFinite(g)));
    }

    [Fact]
    public void Threads_and_repeats_do_not_change_a_bit()
    {
        int before = KdCpu.Threads;
        try
        {
            foreach (KdElementType type in Types)
            {
                byte[]? expected = null;
                foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
                {
                    KdCpu.Threads = threads;
                    byte[] bits = CosineRun.Case(100, 45, 70, 30, type, keep: true).Execute().Bits;
                    Assert.Equal(expected ??= bits, bits);
                }
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void A_rows_loss_and_gradient_have_the_same_bits_wherever_it_stands()
    {
        CosineRun whole = CosineRun.Case(40, 9, 33, 12, KdElementType.Float32, KdReduction.None).Execute();
        foreach (int i in new[] { 0, 7, 39 })
        {
            CosineRun alone = new CosineRun
            {
                Rows = 1,
                Normals = 9,
                Student = 33,
                Teacher = 12,
                StudentAugmented = whole.StudentAugmented[(i * 33)..((i + 1) * 33)],
                StudentNormal = whole.StudentNormal,
                TeacherAugmented = whole.TeacherAugmented[(i * 12)..((i + 1) * 12)],
                TeacherNormal = whole.TeacherNormal,
                Reduction = KdReduction.None,
            }.Execute();
            Assert.Equal(whole.Loss[i], alone.Loss[0]);
            Assert.Equal(whole.AugmentedGradient[(i * 33)..((i + 1) * 33)], alone.AugmentedGradient);
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Refused<ArgumentException>("expected shape [3, 1, 4] but got [3, 1, 5]", (f, sa, sn, ta, tn, loss) => f(sa, ta, ta, tn, new(1, KdReduction.Sum), loss));
        Refused<ArgumentException>("expected shape [2, 1, 5] but got [3, 1, 5]", (f, sa, sn, ta, tn, loss) => f(sa, sn, ta, ta, new(1, KdReduction.Sum), loss));
        Refused<ArgumentException>("one normal embedding at least", (f, sa, sn, ta, tn, loss) => f(sa, sn with { Outer = 0 }, ta, tn, new(1, KdReduction.Sum), loss));
        Refused<ArgumentException>("expected shape [3, 1, 1] but got [1, 1, 1]", (f, sa, sn, ta, tn, loss) => f(sa, sn, ta, tn, new(1, KdReduction.None), loss));
        Refused<ArgumentOutOfRangeException>("expected a temperature in [1e-100, 1e100] or infinity but got 0", (f, sa, sn, ta, tn, loss) => f(sa, sn, ta, tn, new(0, KdReduction.Sum), loss));
        Refused<ArgumentException>("expected temperatureSquared = true", (f, sa, sn, ta, tn, loss) => f(sa, sn, ta, tn, new(double.PositiveInfinity, KdReduction.Sum) { TemperatureSquared = false }, loss));
        Refused<ArgumentException>("expected element type Int64 but got Float32", (f, sa, sn, ta, tn, loss) => f(sa, sn, ta, tn, new(1, KdReduction.Sum) { Keep = loss }, loss));
        Refused<ArgumentException>("expected memory on cuda:0", (f, sa, sn, ta, tn, loss) => f(sa with { Device = KdDevice.Cuda(0) }, sn, ta, tn, new(1, KdReduction.Sum), loss));
    }

    private delegate void Operation(
        RowsView sa, RowsView sn, RowsView ta, RowsView tn, CosineKlSettings settings, RowsView loss);

    private static void Refused<T>(
        string message, Action<Operation, RowsView, RowsView, RowsView, RowsView, RowsView> call)
        where T : Exception
    {
        using GuardedTensor sa = New(3, 4), sn = New(2, 4), ta = New(3, 5), tn = New(2, 5), loss = New(1, 1);
        var e = Assert.Throws<T>(() => call(
            (a, b, c, d, settings, result) => CosineKl.Forward(a, b, c, d, settings, result),
            sa.View, sn.View, ta.View, tn.View, loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);

        static GuardedTensor New(int rows, int length) => new(KdElementType.Float32, rows, 1, length, Layout.Contiguous);
    }
}
