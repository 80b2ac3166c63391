using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of the ranks: scores with ties and a NaN, exactly as the oracle has them.</summary>
internal sealed class RankCaseRun : CaseRun
{
    private readonly RankCase c;
    private readonly double[] values;
    private readonly long[] targets;
    private readonly DeviceTensor scores;
    private readonly DeviceTensor targetsOnDevice;
    private readonly DeviceTensor ranks;

    public RankCaseRun(EmulatedGpu gpu, RankCase c)
        : base(gpu)
    {
        this.c = c;
        var random = new Random(c.Rows + (7 * c.Columns));
        values = [.. Enumerable.Range(0, c.Rows * c.Columns).Select(_ => (double)random.Next(7) - 3)];
        targets = [.. Enumerable.Range(0, c.Rows).Select(_ => (long)random.Next(c.Columns))];
        if (c.Rows > 2) values[(2 * c.Columns) + (int)targets[2]] = double.NaN;
        scores = Input("scores", c.Type, c.Rows, 1, c.Columns, values);
        targetsOnDevice = Input("targets", KdElementType.Int64, c.Rows, 1, 1, [.. targets.Select(target => (double)target)]);
        ranks = Output("ranks", KdElementType.Int64, c.Rows, 1, 1);
    }

    public override void Execute() => ErrorLevel.Ranks(scores.View, targetsOnDevice.View, ranks.View, Queue);

    protected override void Compare(Verdict verdict)
    {
        long[] expected = CosineKlOracle.Ranks(values, c.Columns, targets);
        double[] actual = ranks.Read();
        for (int i = 0; i < expected.Length; i++)
        {
            int row = i;
            verdict.Check(expected[i], actual[i], 0, 0, () => $"rank {row}");
        }
    }
}

/// <summary>A case of the selection: the same rows as on the CPU.</summary>
internal sealed class SelectCaseRun : CaseRun
{
    private readonly SelectCase c;
    private readonly long[] values;
    private readonly DeviceTensor ranks;
    private readonly DeviceTensor keep;

    public SelectCaseRun(EmulatedGpu gpu, SelectCase c)
        : base(gpu)
    {
        this.c = c;
        var random = new Random(c.Rows + c.Largest);
        values = [.. Enumerable.Range(0, c.Rows).Select(_ => (long)random.Next(c.Largest + 1))];
        ranks = Input("ranks", KdElementType.Int64, c.Rows, 1, 1, [.. values.Select(rank => (double)rank)]);
        keep = Output("keep", KdElementType.Bool, c.Rows, 1, 1);
    }

    public override void Execute() => ErrorLevel.Select(ranks.View, c.Fraction, keep.View, Queue);

    protected override void Compare(Verdict verdict)
    {
        var expected = new bool[c.Rows];
        ErrorLevel.Select(values, c.Fraction, expected);
        byte[] actual = keep.Bits();
        for (int i = 0; i < expected.Length; i++)
            if (actual[i] != (expected[i] ? 1 : 0)) verdict.Add($"row {i}: expected {expected[i]} but got {actual[i]}");
    }
}
