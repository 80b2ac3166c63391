using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of the update of a bank against the oracle.</summary>
internal sealed class CrdUpdateCaseRun : CaseRun
{
    // An index that is no row of the bank; it moves nothing.
    private const int Outside = 2;

    private readonly CrdUpdateCase c;
    private readonly double[] values;
    private readonly double[] vectors;
    private readonly long[] rows;
    private readonly DeviceTensor bank;
    private readonly DeviceTensor rowsOnDevice;
    private readonly DeviceTensor embeddings;

    public CrdUpdateCaseRun(EmulatedGpu gpu, CrdUpdateCase c)
        : base(gpu)
    {
        this.c = c;
        var random = new Random(c.Batch + (7 * c.Rows) + (31 * c.Dimension));
        values = CrdCaseData.Unit(random, c.Rows, c.Dimension, 1, c.Type);
        vectors = CrdCaseData.Unit(random, c.Batch, c.Dimension, 1, c.Type);
        int distinct = Math.Min(c.Distinct, c.Rows);
        rows = [.. Enumerable.Range(0, c.Batch).Select(i => c.Distinct < c.Batch ? random.Next(distinct) : (long)(i * 5 % c.Rows))];
        if (c.Distinct < c.Batch && c.Batch > Outside) rows[Outside] = c.Rows;
        int pitch = c.Dimension + (c.Strided ? 3 : 0);
        bank = Changed(
            "bank", c.Type, c.Rows, 1, c.Dimension, values, new Placement((long)c.Rows * pitch, 0, pitch, 0, 1));
        rowsOnDevice = Input("rows", KdElementType.Int64, c.Batch, 1, 1, [.. rows.Select(row => (double)row)]);
        Placement? strided = c.Strided ? new Placement(c.Batch * (long)c.Dimension, 0, 1, 0, c.Batch) : null;
        embeddings = Input("embeddings", c.Type, c.Batch, 1, c.Dimension, vectors, strided);
    }

    /// <summary>The bank is read and written.</summary>
    public override long LeastBytes => base.LeastBytes + bank.Bytes;

    public override void Execute() =>
        CrdBank.Update(bank.View, rowsOnDevice.View, embeddings.View, c.Momentum, Queue);

    protected override void Compare(Verdict verdict)
    {
        // One after the other, since each step rounds what the next one reads.
        double[] expected = values;
        for (int i = 0; i < c.Batch; i++)
        {
            if (rows[i] >= c.Rows) continue;
            expected = CrdContrastOracle.UpdateBank(
                expected, c.Dimension, [rows[i]], vectors[(i * c.Dimension)..((i + 1) * c.Dimension)], c.Momentum);
            for (int d = 0; d < c.Dimension; d++)
            {
                ref double value = ref expected[(rows[i] * c.Dimension) + d];
                value = Narrow.Round(value, c.Type);
            }
        }

        // Two roundings of a sum that is computed in another order may differ by one place of the type.
        double place = c.Type == KdElementType.Float32 ? 1.2e-7 : 2 * Narrow.RoundingError(1, c.Type);
        verdict.CheckRows(expected, bank.Read(), c.Dimension, place, "bank", c.Type);
    }
}
