using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>FspLoss against the oracle over shapes, layouts, types, widths and settings.</summary>
public class FspLossTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    /// <summary>Batch, channels of both layers, height, width: one tile, edges of tiles, more than one block of pixels.</summary>
    public static TheoryData<int, int, int, int, int> Shapes => new()
    {
        { 1, 1, 1, 1, 1 },
        { 2, 3, 4, 1, 1 },
        { 3, 1, 7, 2, 1 },
        { 2, 6, 32, 3, 3 },
        { 2, 7, 33, 4, 4 },
        { 1, 13, 5, 5, 7 },
        { 2, 5, 17, 7, 7 },
        { 1, 4, 6, 33, 33 },
        { 1, 2, 35, 17, 18 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_and_gradients_match_the_oracle(int batch, int channels1, int channels2, int height, int width)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                foreach (Layout layout in Enum.GetValues<Layout>().Except([Layout.Expanded]))
                    FspRun.Case(batch, channels1, channels2, height, width, type, layout).Check();
            }
        });
    }

    public static TheoryData<FspForm, KdReduction> Forms
    {
        get
        {
            var data = new TheoryData<FspForm, KdReduction>();
            foreach (FspForm form in Enum.GetValues<FspForm>())
            {
                foreach (KdReduction reduction in Enum.GetValues<KdReduction>().Except([KdReduction.Mean]))
                    data.Add(form, reduction);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void Every_form_and_reduction_matches_with_and_without_an_upstream_gradient(
        FspForm form, KdReduction reduction)
    {
        foreach (KdElementType type in Types)
        {
            foreach (bool upstream in new[] { false, true })
            {
                new FspRun
                {
                    Student1 = FeatureMapData.Random(1, 3, 5, 3, 4, type),
                    Student2 = FeatureMapData.Random(2, 3, 6, 3, 4, type),
                    Teacher1 = FeatureMapData.Random(3, 3, 5, 2, 2, type),
                    Teacher2 = FeatureMapData.Random(4, 3, 6, 2, 2, type),
                    Type = type,
                    Form = form,
                    Reduction = reduction,
                    Upstream = upstream ? Logits.Random(reduction == KdReduction.None ? 3 : 1, 1, 5, type, false) : null,
                }.Check();
            }
        }
    }

    /// <summary>Sizes of the student's layers.</summary>
    public static TheoryData<int, int, int, int> Sizes => new()
    {
        { 8, 8, 4, 4 },
        { 3, 4, 7, 5 },
        { 6, 3, 4, 5 },
        { 5, 5, 1, 1 },
    };

    [Theory, MemberData(nameof(Sizes))]
    public void The_larger_layer_is_pooled_by_maximum_or_by_mean(int height1, int width1, int height2, int width2)
    {
        // The two poolings differ: each must match its own oracle, in value and gradient.
        foreach (FspPooling pooling in new[] { FspPooling.Max, FspPooling.Average })
        {
            foreach (KdElementType type in Types)
            {
                foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous, Layout.Scattered })
                {
                    new FspRun
                    {
                        Student1 = FeatureMapData.Random(1, 2, 3, height1, width1, type),
                        Student2 = FeatureMapData.Random(2, 2, 5, height2, width2, type),
                        Teacher1 = FeatureMapData.Random(3, 2, 3, 6, 5, type),
                        Teacher2 = FeatureMapData.Random(4, 2, 5, 3, 3, type),
                        Layout = layout,
                        Type = type,
                        Pooling = pooling,
                    }.Check();
                }
            }
        }
    }

    [Theory]
    [InlineData(Layout.Channels, Layout.Contiguous, null)]
    [InlineData(Layout.Contiguous, Layout.Channels, null)]
    [InlineData(Layout.Contiguous, Layout.Contiguous, Layout.Channels)]
    [InlineData(Layout.Channels, Layout.Channels, Layout.Contiguous)]
    [InlineData(Layout.Sliced, Layout.Reversed, Layout.Scattered)]
    public void Layers_and_gradients_may_have_layouts_of_their_own(Layout first, Layout second, Layout? gradient)
    {
        foreach (KdElementType type in Types)
        {
            new FspRun
            {
                Student1 = FeatureMapData.Random(1, 2, 7, 4, 5, type),
                Student2 = FeatureMapData.Random(2, 2, 9, 4, 5, type),
                Teacher1 = FeatureMapData.Random(3, 2, 7, 4, 5, type),
                Teacher2 = FeatureMapData.Random(4, 2, 9, 4, 5, type),
                Layout = first,
                SecondLayout = second,
                GradientLayout = gradient,
                Type = type,
            }.Check();
        }
    }

    [Theory]
    [InlineData(FspForm.Paper)]
    [InlineData(FspForm.Mean)]
    [InlineData(FspForm.ColumnNorms)]
    public void Equal_networks_have_no_loss_and_no_gradient(FspForm form)
    {
        OracleMaps first = FeatureMapData.Random(1, 2, 5, 4, 4), second = FeatureMapData.Random(2, 2, 6, 4, 4);
        FspRun run = new FspRun
        {
            Student1 = first,
            Student2 = second,
            Teacher1 = first,
            Teacher2 = second,
            Form = form,
        }.Execute();
        Assert.Equal(0, run.Loss[0]);
        Assert.All(run.Gradient1.Concat(run.Gradient2), g => Assert.Equal(0, g));
    }

    [Fact]
    public void A_nan_poisons_its_sample_alone()
    {
        foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous })
        {
            FspRun run = FspRun.Case(3, 5, 6, 3, 3, KdElementType.Float32, layout);
            run.Student1.Values[45 + 3] = double.NaN;
            run = new FspRun
            {
                Student1 = run.Student1,
                Student2 = run.Student2,
                Teacher1 = run.Teacher1,
                Teacher2 = run.Teacher2,
                Layout = layout,
                Reduction = KdReduction.None,
            }.Execute();
            Assert.Equal(double.NaN, run.Loss[1]);
            Assert.True(double.IsFinite(run.Loss[0] + run.Loss[2]));
            Assert.All(run.Gradient2[..54], g => Assert.True(double.IsFinite(g)));
            Assert.All(run.Gradient2[54..108], g => Assert.Equal(double.NaN, g));
        }
    }

    [Fact]
    public void Without_samples_the_sum_is_zero_and_the_mean_is_nan()
    {
        double Loss(KdReduction reduction)
        {
            FspRun none = FspRun.Case(0, 2, 3, 2, 2, KdElementType.Float32, Layout.Channels);
            return new FspRun
            {
                Student1 = none.Student1,
                Student2 = none.Student2,
                Teacher1 = none.Teacher1,
                Teacher2 = none.Teacher2,
                Reduction = reduction,
            }.Execute().Loss[0];
        }

        Assert.Equal(0, Loss(KdReduction.Sum));
        Assert.Equal(double.NaN, Loss(KdReduction.BatchMean));
    }

    [Theory]
    [InlineData(Layout.Channels)]
    [InlineData(Layout.Contiguous)]
    public void Threads_and_repeats_do_not_change_a_bit(Layout layout)
    {
        int before = KdCpu.Threads;
        try
        {
            byte[]? expected = null;
            foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
            {
                KdCpu.Threads = threads;
                FspRun run = FspRun.Case(9, 20, 37, 8, 9, KdElementType.Float32, layout).Execute();
                Assert.Equal(expected ??= run.Bits, run.Bits);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var paper = new FspLossSettings(FspForm.Paper, FspPooling.Max, KdReduction.Sum);
        Expect<ArgumentOutOfRangeException>(
            "expected the form Paper, Mean or ColumnNorms but got 4", paper with { Form = (FspForm)4 });
        Expect<ArgumentOutOfRangeException>(
            "expected Max or Average pooling but got 3", paper with { Pooling = (FspPooling)3 });
        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum or BatchMean, since the form says", paper with { Reduction = KdReduction.Mean });
        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9", paper with { Reduction = (KdReduction)9 });
        Expect<ArgumentException>(
            "expected 3 channels, as student1 has, but got 2", paper, t => t with { Rows = t.Rows with { Length = 2 } });
        Expect<ArgumentException>(
            "expected 1 samples, as features1 has, but got 2", paper, t => t with { Rows = t.Rows with { Outer = 1 } });
        Expect<ArgumentException>(
            "expected memory on cuda:0, where features1 is, but got cpu",
            paper,
            t => t with { Rows = t.Rows with { Device = KdDevice.Cuda(0) } });
    }

    private static void Expect<TException>(
        string message, FspLossSettings settings, Func<MapView, MapView>? teacher = null)
        where TException : Exception
    {
        OracleMaps maps = FeatureMapData.Random(1, 2, 3, 2, 2);
        using GuardedTensor features = FeatureMapData.Input(maps, KdElementType.Float32, Layout.Channels);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        MapView view = features.View(maps);
        var e = Assert.Throws<TException>(
            () => FspLoss.Forward(view, view, teacher?.Invoke(view) ?? view, view, settings, loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
