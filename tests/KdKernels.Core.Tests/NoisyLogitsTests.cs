namespace KdKernels.Core.Tests;

/// <summary>NoisyLogits: what the noise is, what it does to the loss, and that backward makes the same again.</summary>
public class NoisyLogitsTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    [Theory, MemberData(nameof(TemperedKlTests.Shapes), MemberType = typeof(TemperedKlTests))]
    public void Loss_and_gradients_match_the_oracle_with_the_noise_made_explicit(
        int outer, int inner, int classes, Layout layout)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
                RegressionRun.Case(outer, inner, classes, layout, type).With(sigma: 0.4, alpha: 0.7).Check();
        });
    }

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_samples_of_any_number(KdReduction reduction)
    {
        foreach (KdElementType type in Types)
        {
            long[] samples = [.. Enumerable.Range(0, 12).Select(row => (row * 104729L * 40961) % (1L << 32))];
            foreach (bool half in new[] { false, true })
            {
                RegressionRun.Case(4, 3, 37, Layout.Scattered, type, reduction, upstream: true, half)
                    .With(sigma: 1, alpha: 0.5, samples: samples).Check();
            }
        }
    }

    [Fact]
    public void Nothing_of_it_is_left_without_probability_or_deviation()
    {
        RegressionRun plain = RegressionRun.Case(5, 1, 33, Layout.Contiguous, KdElementType.Float32).Execute();
        Assert.Equal(plain.Bits, plain.With(sigma: 1, alpha: 0).Execute().Bits);
        Assert.Equal(plain.Loss, plain.With(sigma: 0, alpha: 1).Execute().Loss);
    }

    [Fact]
    public void The_noise_is_standard_normal_times_sigma_in_the_fraction_alpha_of_the_samples()
    {
        var settings = new NoisyLogitsSettings(0.5, 0.3, KdReduction.Sum) { Seed = 1, Step = 2 };
        const int Samples = 20_000, Classes = 8;
        int selected = 0;
        double sum = 0, squares = 0;
        for (int sample = 0; sample < Samples; sample++)
        {
            if (NoisyLogits.Noise(settings, sample, 0) == 0) continue;
            selected++;
            for (int c = 0; c < Classes; c++)
            {
                double n = NoisyLogits.Noise(settings, sample, c);
                sum += n;
                squares += n * n;
            }
        }

        // Five standard errors each: √(α(1 − α)/N) = 0.0032, σ/√(48000) = 0.0023, σ²√(2/48000) = 0.0016.
        double count = (double)selected * Classes;
        Assert.Equal(0.3, selected / (double)Samples, 0.0165);
        Assert.Equal(0, sum / count, 0.0115);
        Assert.Equal(0.25, squares / count, 0.0085);
    }

    [Fact]
    public void The_expected_loss_has_the_constant_alpha_sigma_squared_more_and_the_expected_gradient_nothing()
    {
        // methods.md §3: E‖s − t'‖² = ‖s − t‖² + ασ²‖t‖², and E of the gradient is the plain one.
        const int Rows = 40_000;
        double[] s = [1, -2, 0.5, 3], t = [2, 1, -1, 0.25];
        RegressionRun run = new RegressionRun
        {
            Outer = Rows,
            Classes = 4,
            Type = KdElementType.Float64,
            Half = false,
            Student = [.. Enumerable.Repeat(s, Rows).SelectMany(v => v)],
            Teacher = [.. Enumerable.Repeat(t, Rows).SelectMany(v => v)],
        }.With(sigma: 0.5, alpha: 0.4).Execute();
        double plain = s.Zip(t, (a, b) => (a - b) * (a - b)).Sum(), norm = t.Sum(x => x * x);
        // One row's standard deviation is below 8, the gradient's below 1.3.
        Assert.Equal(plain + (0.4 * 0.25 * norm), run.Loss[0], 5 * 8 / Math.Sqrt(Rows));
        for (int c = 0; c < 4; c++)
        {
            double mean = Enumerable.Range(0, Rows).Sum(row => run.StudentGradient[(row * 4) + c]);
            Assert.Equal(2 * (s[c] - t[c]), mean, 5 * 1.3 / Math.Sqrt(Rows));
        }
    }

    [Fact]
    public void The_noise_of_a_sample_does_not_depend_on_the_batch_around_it()
    {
        RegressionRun batch = RegressionRun.Case(6, 1, 20, Layout.Contiguous, KdElementType.Float32, KdReduction.None)
            .With(sigma: 1, alpha: 0.7, samples: [4, 9, 2, 7, 100, 3]).Execute();
        for (int row = 0; row < 6; row++)
        {
            RegressionRun alone = new RegressionRun
            {
                Outer = 1,
                Classes = 20,
                Reduction = KdReduction.None,
                Student = batch.Student[(row * 20)..((row + 1) * 20)],
                Teacher = batch.Teacher[(row * 20)..((row + 1) * 20)],
            }.With(sigma: 1, alpha: 0.7, samples: [batch.Samples![row]]).Execute();
            Assert.Equal(batch.Loss[row], alone.Loss[0]);
            Assert.Equal(batch.StudentGradient[(row * 20)..((row + 1) * 20)], alone.StudentGradient);
        }
    }

    [Fact]
    public void Rows_are_numbered_from_the_first_sample()
    {
        RegressionRun run = RegressionRun.Case(2, 2, 9, Layout.Contiguous, KdElementType.Float32);
        Assert.Equal(
            run.With(sigma: 1, alpha: 0.5, samples: [11, 12, 13, 14]).Execute().Bits,
            run.With(sigma: 1, alpha: 0.5).Execute().Bits);
    }

    [Fact]
    public void Seed_step_sample_and_class_each_change_the_noise()
    {
        var settings = new NoisyLogitsSettings(1, 1, KdReduction.Sum) { Seed = 5, Step = 6 };
        double noise = NoisyLogits.Noise(settings, 7, 8);
        Assert.Equal(noise, NoisyLogits.Noise(settings, 7, 8));
        Assert.NotEqual(noise, NoisyLogits.Noise(settings with { Seed = 4 }, 7, 8));
        Assert.NotEqual(noise, NoisyLogits.Noise(settings with { Step = 5 }, 7, 8));
        Assert.NotEqual(noise, NoisyLogits.Noise(settings, 6, 8));
        Assert.NotEqual(noise, NoisyLogits.Noise(settings, 7, 9));
    }

    [Fact]
    public void Which_samples_are_selected_changes_with_the_step()
    {
        bool[] Selected(uint step) =>
        [
            .. Enumerable.Range(0, 64).Select(sample =>
                NoisyLogits.Noise(new NoisyLogitsSettings(1, 0.5, KdReduction.Sum) { Step = step }, sample, 0) != 0),
        ];
        Assert.NotEqual(Selected(1), Selected(2));
        Assert.Equal(Selected(1), Selected(1));
    }

    [Theory]
    [InlineData(-0.1, 0.5, "expected a finite sigma of 0 or more but got -0.1")]
    [InlineData(double.NaN, 0.5, "expected a finite sigma of 0 or more but got NaN")]
    [InlineData(double.PositiveInfinity, 0.5, "expected a finite sigma of 0 or more but got Infinity")]
    [InlineData(1, 1.5, "expected a value in [0, 1] but got 1.5")]
    [InlineData(1, double.NaN, "expected a value in [0, 1] but got NaN")]
    public void Rejects_impossible_noise(double sigma, double alpha, string message)
    {
        RegressionRun run = RegressionRun.Case(2, 1, 3, Layout.Contiguous, KdElementType.Float32).With(sigma, alpha);
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => run.Execute());
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1L << 32)]
    public void Rejects_samples_outside_of_32_bits(long sample)
    {
        RegressionRun run = RegressionRun.Case(2, 1, 3, Layout.Contiguous, KdElementType.Float32)
            .With(sigma: 1, alpha: 1, samples: [3, sample]);
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => run.Execute());
        Assert.Contains($"expected samples in [0, 2^32) but got {sample}", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => NoisyLogits.Noise(run.Noise!.Value, sample, 0));
    }

    [Fact]
    public void A_batch_may_end_with_the_last_sample_but_not_beyond_it()
    {
        using var logits = GuardedTensor.Input(KdElementType.Float32, 2, 1, 3, Layout.Contiguous, new double[6]);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        var settings = new NoisyLogitsSettings(1, 1, KdReduction.Sum) { FirstSample = (1L << 32) - 2 };
        NoisyLogits.Forward(logits.View, logits.View, settings, loss.View);
        Assert.Equal(0, loss[0, 0]);
        settings = settings with { FirstSample = (1L << 32) - 1 };
        Assert.Throws<ArgumentOutOfRangeException>(
            () => NoisyLogits.Forward(logits.View, logits.View, settings, loss.View));
    }
}
