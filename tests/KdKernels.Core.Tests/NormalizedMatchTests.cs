using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>NormalizedMatch against the oracle, and what it means where naive forms are wrong.</summary>
public class NormalizedMatchTests
{
    private const double Infinity = double.PositiveInfinity;
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    public static TheoryData<int, int, int, Layout> Shapes
    {
        get
        {
            var data = new TheoryData<int, int, int, Layout>();
            foreach (int length in new[] { 2, 3, 7, 15, 16, 17, 31, 33, 64, 100 })
            {
                data.Add(5, 1, length, Layout.Contiguous);
                data.Add(3, 2, length, Layout.Sliced);
                data.Add(2, 3, length, Layout.Scattered);
            }

            data.Add(0, 1, 10, Layout.Contiguous);
            data.Add(1, 1, 10, Layout.Contiguous);
            data.Add(2, 3, 21, Layout.Channels);
            data.Add(3, 2, 21, Layout.Reversed);
            data.Add(4, 3, 21, Layout.Expanded);
            data.Add(17, 1, 3072, Layout.Contiguous);
            data.Add(2, 2, 2049, Layout.Sliced);
            // Several pieces: 16384 elements and one more; rows handed out whole and in pieces.
            data.Add(2, 1, 16385, Layout.Contiguous);
            data.Add(17, 1, 16400, Layout.Sliced);
            data.Add(1, 1, 100003, Layout.Scattered);
            return data;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_and_gradient_match_the_oracle(int outer, int inner, int length, Layout layout) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            MatchRun.Case(outer, inner, length, layout, type, KdReduction.None).Check();
            MatchRun.Case(outer, inner, length, layout, type, KdReduction.BatchMean, upstream: true).Check();
        }
    });

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_and_without_an_upstream_gradient(KdReduction reduction)
    {
        foreach (KdElementType type in Types)
        {
            foreach (bool upstream in new[] { false, true })
                MatchRun.Case(5, 1, 37, Layout.Contiguous, type, reduction, upstream).Check();
        }
    }

    [Theory]
    [InlineData(1, 1e-6)]
    [InlineData(3, 1e-6)]
    [InlineData(0.37, 1e-5)]
    [InlineData(1e5, 1e-3)]
    public void Nearly_parallel_rows_keep_their_digits(double factor, double noise) => Widths.ForEach(() =>
    {
        // 2 − 2 cos is 0 or 1e-7 in single precision where the distance is 1e-12, and cos·ŝ − t̂ is all rounding.
        foreach (KdElementType type in Types)
        {
            // Several pieces once, as they take their time.
            foreach (int length in factor == 3 ? new[] { 7, 3072, 20000 } : [7, 3072])
            {
                double[] s = Logits.Random(3, length, 1, type);
                double[] direction = Logits.Random(3, length, 2, type, outliers: false);
                MatchRun run = MatchRun.Of(
                    type, s, [.. s.Zip(direction, (x, n) => factor * x * (1 + (noise * n)))], rows: 3).Execute();
                NormalizedMatchOracleResult oracle =
                    NormalizedMatchOracle.Compute(run.Student, run.Teacher, length, run.Epsilon, OracleReduction.None);
                double allowed = type == KdElementType.Float32 ? 1e-5 : 1e-9;
                for (int row = 0; row < 3; row++)
                {
                    Assert.InRange(oracle.RowLosses[row], 0.1 * noise * noise, 1000 * noise * noise);
                    Tolerance.Check(
                        oracle.RowLosses[row], run.Loss[row], allowed, oracle.RowLosses[row], $"loss {row} of {run}");
                }

                Tolerance.CheckRows(
                    oracle.StudentGradient,
                    run.Gradient,
                    length,
                    allowed,
                    row => Tolerance.Largest(oracle.StudentGradient, length, row),
                    $"gradient of {run}");
            }
        }
    });

    [Fact]
    public void Parallel_rows_of_any_length_ratio_have_no_distance() => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            double[] s = [.. Enumerable.Range(1, 40).Select(i => (double)i)];
            foreach (double factor in new[] { 1.0, 2, 3, 7, 0.125, 1000 })
            {
                MatchRun r = MatchRun.Of(type, s, [.. s.Select(v => v * factor)]).Execute();
                Assert.InRange(r.Loss[0], 0, type == KdElementType.Float32 ? 1e-20 : 1e-36);
            }

            Assert.Equal(4, MatchRun.Of(type, s, [.. s.Select(v => -3 * v)]).Execute().Loss[0], 5);
        }
    });

    [Fact]
    public void A_clamped_norm_divides_as_the_oracle_does_and_the_students_has_no_gradient() => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            double[] small = [.. Logits.Random(3, 21, 1, type).Select(v => v * 1e-3)], large = Logits.Random(3, 21, 2, type);
            foreach ((double[] s, double[] t) in new[] { (small, large), (large, small), (small, small), (large, large) })
            {
                new MatchRun
                {
                    Outer = 3,
                    Length = 21,
                    Type = type,
                    // Above the small norms, below the large ones.
                    Epsilon = 2,
                    Student = Logits.Round(s, type),
                    Teacher = Logits.Round(t, type),
                }.Check();
            }
        }
    });

    [Fact]
    public void All_zero_maps_are_no_nan() => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            MatchRun r = MatchRun.Of(type, [0, 0, 3, 4, 0, 0], [0, 0, 0, 0, 1, 2], rows: 3).Check();
            Assert.Equal([0, 1, 1], r.Loss);
            Assert.All(r.Gradient[..4], g => Assert.Equal(0, g));
        }
    });

    [Fact]
    public void Magnitudes_whose_squares_leave_single_precision_are_computed_in_double() => Widths.ForEach(() =>
    {
        double[] s = Logits.Random(1, 33, 1, KdElementType.Float32), t = Logits.Random(1, 33, 2, KdElementType.Float32);
        foreach ((double a, double b) in new[] { (1e25, 1), (1, 1e25), (1e25, 1e30), (1e-11, 1), (1, 1e-11), (1e-11, 1e25) })
            MatchRun.Of(KdElementType.Float32, [.. s.Select(v => v * a)], [.. t.Select(v => v * b)]).Check();
        // In pieces as well.
        s = Logits.Random(1, 20000, 3, KdElementType.Float32);
        t = Logits.Random(1, 20000, 4, KdElementType.Float32);
        MatchRun.Of(KdElementType.Float32, [.. s.Select(v => v * 1e25)], t).Check();
    });

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(Infinity)]
    [InlineData(-Infinity)]
    public void What_is_not_finite_poisons_its_row_alone(double poison) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in Types)
        {
            foreach (bool inStudent in new[] { true, false })
            {
                double[] s = [1, 2, 3, 4, 5, 6], t = [2, 1, 3, 5, 5, 7];
                (inStudent ? s : t)[2] = poison;
                MatchRun r = MatchRun.Of(type, s, t, rows: 3).Execute();
                Assert.Equal(double.NaN, r.Loss[1]);
                Assert.All(r.Gradient[2..4], g => Assert.Equal(double.NaN, g));
                Assert.All(r.Gradient[..2].Concat(r.Gradient[4..]), g => Assert.True(double.IsFinite(g)));
                Assert.True(double.IsFinite(r.Loss[0] + r.Loss[2]));
            }
        }
    });

    [Fact]
    public void Norms_beyond_double_are_nan_and_never_a_wrong_number() => Widths.ForEach(() =>
    {
        Assert.Equal(double.NaN, MatchRun.Of(KdElementType.Float64, [1e200, 1e200], [1, 2]).Execute().Loss[0]);
        Assert.Equal(double.NaN, MatchRun.Of(KdElementType.Float64, [1, 2], [1e200, 1e200]).Execute().Loss[0]);
    });

    [Fact]
    public void Normalising_the_whole_batch_at_once_is_another_loss()
    {
        // A re-implementation divides by one norm of the batch: rows with small Jacobians then hardly count, and a scale that
        // differs between samples is held against the student.
        double[] s = [3, 4, 30, 40], t = [4, 3, 4, 3];
        MatchRun rows = MatchRun.Of(KdElementType.Float64, s, t, rows: 2).Execute();
        double batch = MatchRun.Of(KdElementType.Float64, s, t).Execute().Loss[0];
        Assert.Equal(0.08, rows.Loss[0], 14);
        Assert.Equal(rows.Loss[0], rows.Loss[1], 14);
        Assert.True(Math.Abs(batch - 0.08) > 0.3, $"{batch}");
    }

    [Fact]
    public void Threads_pieces_and_repeats_do_not_change_a_bit()
    {
        int before = KdCpu.Threads;
        try
        {
            // 70 short rows; 3 rows in pieces.
            foreach ((int rows, int length) in new[] { (70, 1001), (3, 50001) })
            {
                byte[]? expected = null;
                foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
                {
                    KdCpu.Threads = threads;
                    MatchRun run = MatchRun.Case(
                        rows, 1, length, Layout.Contiguous, KdElementType.Float32, KdReduction.BatchMean).Execute();
                    Assert.Equal(expected ??= run.Bits, run.Bits);
                }
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void A_row_has_the_same_bits_alone_in_pieces_and_among_many()
    {
        double[] s = Logits.Random(1, 40000, 1, KdElementType.Float32), t = Logits.Random(1, 40000, 2, KdElementType.Float32);
        byte[] alone = MatchRun.Of(KdElementType.Float32, s, t).Execute().Bits;
        MatchRun many = MatchRun.Of(
            KdElementType.Float32,
            [.. Enumerable.Repeat(s, 16).SelectMany(v => v)],
            [.. Enumerable.Repeat(t, 16).SelectMany(v => v)],
            rows: 16).Execute();
        Assert.Equal(alone[..4], many.Bits[..4]);
        Assert.Equal(alone[4..], many.Bits[(16 * 4)..((16 * 4) + (40000 * 4))]);
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        using var s = new GuardedTensor(KdElementType.Float32, 2, 1, 3, Layout.Contiguous);
        using var other = new GuardedTensor(KdElementType.Float32, 2, 1, 4, Layout.Contiguous);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [2, 1, 4]",
            () => NormalizedMatch.Forward(s.View, other.View, new(KdReduction.Sum), loss.View));
        Expect<ArgumentException>(
            "expected shape [2, 1, 1] but got [1, 1, 1]",
            () => NormalizedMatch.Forward(s.View, s.View, new(KdReduction.None), loss.View));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [2, 1, 4]",
            () => NormalizedMatch.Backward(s.View, s.View, new(KdReduction.Sum), loss.View, other.View));
        Expect<ArgumentOutOfRangeException>(
            "expected an epsilon in (0, 1e100] but got 0",
            () => NormalizedMatch.Forward(s.View, s.View, new(KdReduction.Sum, 0), loss.View));
        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            () => NormalizedMatch.Forward(s.View, s.View, new((KdReduction)9), loss.View));
    }

    private static void Expect<TException>(string message, Action call)
        where TException : Exception =>
        Assert.Contains(message, Assert.Throws<TException>(call).Message, StringComparison.Ordinal);
}
