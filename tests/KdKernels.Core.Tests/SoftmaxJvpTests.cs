namespace KdKernels.Core.Tests;

/// <summary>SoftmaxJvp against the oracle over a table of shapes, layouts, types, widths and settings.</summary>
public class SoftmaxJvpTests
{
    private const double Infinity = double.PositiveInfinity;
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    public static TheoryData<int, int, int, Layout> Shapes
    {
        get
        {
            var data = new TheoryData<int, int, int, Layout>();
            foreach (int classes in new[] { 1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 100 })
            {
                data.Add(3, 2, classes, Layout.Contiguous);
                data.Add(2, 3, classes, Layout.Sliced);
                data.Add(2, 2, classes, Layout.Channels);
                data.Add(2, 2, classes, Layout.Scattered);
            }

            data.Add(0, 3, 10, Layout.Contiguous);
            data.Add(3, 0, 10, Layout.Contiguous);
            data.Add(1, 1, 10, Layout.Contiguous);
            data.Add(3, 2, 21, Layout.Reversed);
            data.Add(3, 4, 21, Layout.Expanded);
            data.Add(5, 10, 1000, Layout.Contiguous);
            data.Add(7, 1, 1009, Layout.Contiguous);
            data.Add(2, 2, 2049, Layout.Sliced);
            data.Add(1, 2, 32001, Layout.Contiguous);
            return data;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Values_and_gradients_match_the_oracle(int rows, int tangents, int classes, Layout layout) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            foreach (SoftmaxForm of in Enum.GetValues<SoftmaxForm>())
            {
                foreach (double temperature in new[] { 0.5, 4 })
                    JvpRun.Case(rows, tangents, classes, layout, type, temperature, of).Check();
            }
        }
    });

    [Fact]
    public void Temperatures_outside_of_single_precision_are_widened()
    {
        foreach (double temperature in new[] { 1e-15, 1e-7, 1e7, 1e15 })
        {
            foreach (SoftmaxForm of in Enum.GetValues<SoftmaxForm>())
                JvpRun.Case(3, 2, 19, Layout.Channels, KdElementType.Float32, temperature, of).Check();
        }
    }

    [Fact]
    public void A_common_shift_of_the_tangents_costs_no_digits() => Widths.ForEach(() =>
    {
        // ⟨p, v⟩ in single precision is off by 1 at 1e7, as much as the differences themselves.
        JvpRun plain = JvpRun.Case(2, 2, 77, Layout.Contiguous, KdElementType.Float32, 2, SoftmaxForm.Softmax);
        double[] whole = [.. plain.Directions.Select(v => Math.Round(v))];
        JvpRun small = With(plain, plain.Logits, whole).Check();
        JvpRun shifted = With(plain, plain.Logits, [.. whole.Select(v => v + 1e7)]).Check();
        Assert.Equal(small.Bits, shifted.Bits);
    });

    [Fact]
    public void A_nearly_one_hot_row_keeps_the_digits_of_its_small_derivatives() => Widths.ForEach(() =>
    {
        // 1 − p is 2e-9: v − ⟨p, v⟩ at the likely class would be lost to the rounding of v.
        foreach (KdElementType type in Types)
            Row(type, [20, 0, -1, 0.5], [0.7, -2, 3, 1], [1, 0.25, -3, 2]).Check();
    });

    [Fact]
    public void Excluded_classes_contribute_nothing_whatever_their_finite_tangent() => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            JvpRun r = Row(type, [1, -Infinity, 2, -Infinity], [0.5, 1e9, -1, -1e20], [0.3, 7, -1, 2]).Check();
            JvpRun without = Row(type, [1, 2], [0.5, -1], [0.3, -1]).Execute();
            Assert.Equal([without.Values[0], 0, without.Values[1], 0], r.Values);
            Assert.Equal([without.TangentsGradient[0], 0, without.TangentsGradient[1], 0], r.TangentsGradient);
            Assert.Equal(0, r.LogitsGradient[1]);
            Assert.Equal(0, r.LogitsGradient[3]);
        }
    });

    [Fact]
    public void A_class_that_underflows_has_no_derivative() => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
            Assert.Equal(0, Row(type, [0, -2000, -5], [1, 1e5, 2], [1, 2, 3]).Check().Values[1]);
    });

    [Fact]
    public void A_row_without_a_distribution_is_nan_and_poisons_no_other() => Widths.ForEach(() =>
    {
        foreach (double[] poison in new double[][]
        {
            [-Infinity, -Infinity, -Infinity], [0, double.NaN, 1], [Infinity, 0, 1], [double.NaN, double.NaN, double.NaN],
        })
        {
            foreach (SoftmaxForm of in Enum.GetValues<SoftmaxForm>())
            {
                JvpRun r = new JvpRun
                {
                    Rows = 3,
                    Tangents = 2,
                    Classes = 3,
                    Of = of,
                    Logits = [0, 1, 2, .. poison, 3, 1, 0],
                    Directions = [.. Enumerable.Range(0, 18).Select(i => (double)(i % 5))],
                    Upstream = [.. Enumerable.Range(0, 18).Select(i => (double)(i % 4))],
                }.Check();
                Assert.All(r.Values[6..12].Concat(r.LogitsGradient[3..6]), x => Assert.Equal(double.NaN, x));
                Assert.All(r.Values[..6].Concat(r.Values[12..]), x => Assert.True(double.IsFinite(x)));
            }
        }
    });

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(Infinity)]
    [InlineData(-Infinity)]
    public void A_tangent_that_is_not_finite_is_nan_and_poisons_no_other(double poison) => Widths.ForEach(() =>
    {
        for (int at = 0; at < 3; at++)
        {
            double[] directions = [1, 2, 4, 0.5, 0, -1];
            directions[at] = poison;
            JvpRun r = new JvpRun
            {
                Rows = 1,
                Tangents = 2,
                Classes = 3,
                Logits = [0, 1, 2],
                Directions = directions,
                Upstream = [1, 2, 3, 3, 1, 2],
            }.Execute();
            Assert.All(r.Values[..3].Concat(r.LogitsGradient), x => Assert.Equal(double.NaN, x));
            Assert.All(r.Values[3..].Concat(r.TangentsGradient), x => Assert.True(double.IsFinite(x)));
        }
    });

    [Theory]
    [InlineData(SoftmaxForm.Softmax, KdElementType.Float32)]
    [InlineData(SoftmaxForm.LogSoftmax, KdElementType.Float64)]
    public void Threads_and_repeats_do_not_change_a_bit(SoftmaxForm of, KdElementType type)
    {
        int before = KdCpu.Threads;
        try
        {
            byte[]? expected = null;
            foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
            {
                KdCpu.Threads = threads;
                JvpRun run = JvpRun.Case(70, 9, 101, Layout.Contiguous, type, 3, of).Execute();
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
        Expect<ArgumentException>("expected shape [2, 1, 3] but got [2, 1, 4]", tangents: (2, 1, 4));
        Expect<ArgumentException>("expected shape [2, 4, 3] but got [1, 4, 3]", tangents: (1, 4, 3));
        Expect<ArgumentException>("expected shape [rows, 1, classes] but got [2, 2, 3]", logits: (2, 2, 3));
        Expect<ArgumentException>("expected shape [2, 4, 3] but got [2, 3, 3]", result: (2, 3, 3));
        Expect<ArgumentOutOfRangeException>("expected a temperature in [1e-100, 1e100] but got 0", temperature: 0);
        Expect<ArgumentOutOfRangeException>("expected a temperature in [1e-100, 1e100] but got Infinity", temperature: Infinity);
        Expect<ArgumentOutOfRangeException>("expected Softmax or LogSoftmax but got 7", of: (SoftmaxForm)7);
        Expect<ArgumentException>("expected element type Float32 but got Float64", resultType: KdElementType.Float64);
    }

    private static void Expect<TException>(
        string message,
        (int Rows, int Inner, int Length)? logits = null,
        (int Rows, int Inner, int Length)? tangents = null,
        (int Rows, int Inner, int Length)? result = null,
        double temperature = 1,
        SoftmaxForm of = SoftmaxForm.Softmax,
        KdElementType resultType = KdElementType.Float32)
        where TException : Exception
    {
        using GuardedTensor z = Make(logits ?? (2, 1, 3)), v = Make(tangents ?? (2, 4, 3));
        using GuardedTensor y = Make(result ?? (2, 4, 3), resultType);
        var e = Assert.Throws<TException>(() => SoftmaxJvp.Forward(z.View, v.View, new(temperature, of), y.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);

        static GuardedTensor Make((int, int, int) shape, KdElementType type = KdElementType.Float32) =>
            new(type, shape.Item1, shape.Item2, shape.Item3, Layout.Contiguous);
    }

    private static JvpRun Row(KdElementType type, double[] logits, double[] tangent, double[] upstream) => new()
    {
        Rows = 1,
        Tangents = 1,
        Classes = logits.Length,
        Type = type,
        Logits = Logits.Round(logits, type),
        Directions = Logits.Round(tangent, type),
        Upstream = Logits.Round(upstream, type),
    };

    private static JvpRun With(JvpRun run, double[] logits, double[] directions) => new()
    {
        Rows = run.Rows,
        Tangents = run.Tangents,
        Classes = run.Classes,
        Type = run.Type,
        Temperature = run.Temperature,
        Logits = logits,
        Directions = directions,
        Upstream = run.Upstream,
    };
}
