using KdKernels.Reference;

namespace KdKernels.Core.Tests;

public class CrdBankTests
{
    [Theory]
    [InlineData(KdElementType.Float32, Layout.Contiguous)]
    [InlineData(KdElementType.Float64, Layout.Contiguous)]
    [InlineData(KdElementType.Float32, Layout.Scattered)]
    [InlineData(KdElementType.Float64, Layout.Reversed)]
    public void Rows_move_and_are_normalised_in_the_order_of_the_batch(KdElementType type, Layout layout)
    {
        foreach (double momentum in new[] { 0, 0.5, 0.9, 1 })
        {
            var random = new Random(5);
            double[] bank = CrdRun.Unit(random, 9, 13, type), v = CrdRun.Unit(random, 7, 13, type);
            long[] rows = [3, 8, 3, 0, 3, 8, 5];
            double[] expected = CrdContrastOracle.UpdateBank(bank, 13, rows, v, momentum);
            Updated(bank, 9, rows, v, momentum, type, layout, actual =>
            {
                double allowed = type == KdElementType.Float32 ? 3e-7 : 1e-15;
                for (int i = 0; i < expected.Length; i++)
                    Tolerance.Check(expected[i], actual[i], allowed, 1, $"element {i}, momentum {momentum}");
                foreach (int untouched in new[] { 1, 2, 4, 6, 7 })
                    Assert.Equal(bank[(untouched * 13)..((untouched + 1) * 13)], actual[(untouched * 13)..((untouched + 1) * 13)]);
            });
        }
    }

    [Fact]
    public void The_later_of_two_equal_indices_sees_what_the_earlier_one_left()
    {
        // An index_copy_ of both keeps whichever came last, as if the other had never been.
        double[] bank = [1, 0, 0, 1], v = [0, 1, 0, -1];
        double[]? one = null, two = null, both = null;
        Updated(bank, 2, [0], v[..2], 0.5, KdElementType.Float64, Layout.Contiguous, r => one = r);
        Updated(one!, 2, [0], v[2..], 0.5, KdElementType.Float64, Layout.Contiguous, r => two = r);
        Updated(bank, 2, [0, 0], v, 0.5, KdElementType.Float64, Layout.Contiguous, r => both = r);
        Assert.Equal(two, both);
    }

    [Fact]
    public void A_row_of_zeros_stays_zero_where_dividing_by_its_norm_gives_NaN() =>
        Updated(
            [0, 0, 1, 0], 2, [0, 1], [0, 0, -1, 0], 0.5, KdElementType.Float32, Layout.Contiguous,
            r => Assert.Equal([0, 0, 0, 0], r));

    [Fact]
    public void A_NaN_embedding_poisons_its_own_row_alone() =>
        Updated(
            [1, 0, 0, 1], 2, [0, 1], [double.NaN, 0, 0, 1], 0.5, KdElementType.Float32, Layout.Contiguous,
            r => Assert.Equal([double.NaN, double.NaN, 0, 1], r));

    [Fact]
    public void Nothing_is_written_where_an_index_is_outside()
    {
        using GuardedTensor bank = GuardedTensor.Input(KdElementType.Float32, 2, 1, 2, Layout.Contiguous, [1, 0, 0, 1]);
        using GuardedTensor v = GuardedTensor.Input(KdElementType.Float32, 2, 1, 2, Layout.Contiguous, [0, 1, 1, 0]);
        using GuardedTensor rows = CrdRun.Integers(2, 1, [0, 2]);
        var e = Assert.Throws<ArgumentException>(() => CrdBank.Update(bank.View, rows.View, v.View, 0.5));
        Assert.Contains("expected rows in [0, 2) but got 2 for anchor 1", e.Message, StringComparison.Ordinal);
        using GuardedTensor inside = CrdRun.Integers(2, 1, [0, 1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => CrdBank.Update(bank.View, inside.View, v.View, 1.5));
        bank.AssertUntouched("bank");
    }

    private static void Updated(
        double[] bank,
        int count,
        long[] rows,
        double[] v,
        double momentum,
        KdElementType type,
        Layout layout,
        Action<double[]> check)
    {
        int dimension = bank.Length / count;
        using var memory = new GuardedTensor(type, count, 1, dimension, Layout.Sliced);
        for (int i = 0; i < bank.Length; i++) memory[i / dimension, i % dimension] = bank[i];
        using GuardedTensor indices = CrdRun.Integers(rows.Length, 1, rows);
        using GuardedTensor embeddings = GuardedTensor.Input(type, rows.Length, 1, dimension, layout, v);
        CrdBank.Update(memory.View, indices.View, embeddings.View, momentum);
        embeddings.AssertUntouched("embeddings");
        memory.AssertWritten("bank");
        check(memory.ToArray());
    }
}
