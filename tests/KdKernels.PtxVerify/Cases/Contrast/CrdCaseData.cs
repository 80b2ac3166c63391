using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>The operands of a case, the same ones each time.</summary>
internal sealed class CrdCaseData
{
    public const ulong Seed = 0x0123_4567_89ab_cdef;
    public const uint Step = 77;

    private CrdCaseData(CrdCase c)
    {
        var random = new Random(c.Batch + (7 * c.Rows) + (31 * c.Dimension) + c.Count);
        double scale = c.Oddity == CrdOddity.Large ? 1e4 * c.Temperature : 1;
        Anchors = Unit(random, c.Batch, c.Dimension, scale, c.Type);
        Bank = Unit(random, c.Rows, c.Dimension, 1, c.Type);
        Positives = [.. Enumerable.Range(0, c.Batch).Select(_ => (long)random.Next(c.Rows))];
        Classes = [.. Enumerable.Range(0, c.Rows).Select(row => (long)(row * 7 % Math.Min(c.Rows, 5)))];
        Negatives = [.. Enumerable.Range(0, c.Batch * c.Count).Select(i => c.Count >= c.Rows ? i % c.Rows : (long)random.Next(c.Rows))];
        Upstream = [.. Enumerable.Range(0, c.Reduction == KdReduction.None ? c.Batch : 1).Select(i => 0.5 - (0.75 * i))];
        Normalizer = c.Rows * 3.5;
        MakeOdd(c);
        Drawn = c.Draws switch
        {
            CrdDraws.Relaxed => new CrdNegatives(Seed, c.Rows),
            CrdDraws.OtherClasses => new CrdNegatives(Seed, Classes),
            _ => null,
        };
        if (Drawn is null) return;
        var rows = new int[c.Count];
        for (int i = 0; i < c.Batch; i++)
        {
            Drawn.Draw(Step, Positives[i], rows);
            for (int k = 0; k < c.Count; k++) Negatives[(i * c.Count) + k] = rows[k];
        }
    }

    public double[] Anchors { get; }

    public double[] Bank { get; }

    public long[] Positives { get; }

    public long[] Negatives { get; }

    public long[] Classes { get; }

    public double[] Upstream { get; }

    public double Normalizer { get; }

    /// <summary>Null where the negatives are given.</summary>
    public CrdNegatives? Drawn { get; }

    public static CrdCaseData Of(CrdCase c) => new(c);

    /// <summary>The table that draws by class need; empty without classes.</summary>
    public static long[] Table(CrdNegatives drawn)
    {
        var table = new long[drawn.ClassesLength];
        drawn.WriteClasses(table);
        return table;
    }

    /// <summary>Random rows of a length, as the type rounds them.</summary>
    public static double[] Unit(Random random, int rows, int dimension, double length, KdElementType type)
    {
        double[] values = [.. Enumerable.Range(0, rows * dimension).Select(_ => random.NextDouble() - 0.5)];
        for (int row = 0; row < rows; row++)
        {
            Span<double> span = values.AsSpan(row * dimension, dimension);
            double norm = 0;
            foreach (double value in span) norm += value * value;
            foreach (ref double value in span) value = Narrow.Round(value * length / Math.Sqrt(norm), type);
        }

        return values;
    }

    private void MakeOdd(CrdCase c)
    {
        switch (c.Oddity)
        {
            case CrdOddity.NaN:
                // Anchor 0 meets the row of the NaN; anchor 1 has one of its own; the others have neither.
                for (int i = 0; i < Negatives.Length; i++) Negatives[i] = Negatives[i] == 3 ? 4 : Negatives[i];
                for (int i = 0; i < c.Batch; i++) Positives[i] = 5;
                Negatives[c.Count - 1] = 3;
                Bank[(3 * c.Dimension) + c.Dimension - 1] = double.NaN;
                Anchors[c.Dimension] = double.NaN;
                break;
            case CrdOddity.BadIndex:
                Negatives[c.Count - 1] = c.Rows;
                Positives[1] = -1;
                break;
            case CrdOddity.Zeros:
                Array.Clear(Anchors);
                Array.Clear(Bank, 0, Bank.Length / 2);
                break;
        }
    }
}
