using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of the draws: the same rows as on the CPU, exactly.</summary>
internal sealed class CrdDrawCaseRun : CaseRun
{
    private readonly CrdDrawCase c;
    private readonly CrdNegatives negatives;
    private readonly long[] positives;
    private readonly DeviceTensor positivesOnDevice;
    private readonly DeviceTensor? classes;
    private readonly DeviceTensor? step;
    private readonly DeviceTensor rows;

    public CrdDrawCaseRun(EmulatedGpu gpu, CrdDrawCase c)
        : base(gpu)
    {
        this.c = c;
        negatives = c.Draws == CrdDraws.OtherClasses
            ? new CrdNegatives(c.Seed, [.. Enumerable.Range(0, c.Rows).Select(row => (long)(row * 7 % Math.Min(c.Rows, 5)))])
            : new CrdNegatives(c.Seed, c.Rows);
        positives = [.. Enumerable.Range(0, c.Batch).Select(i => (long)(i * 13 % c.Rows))];
        positivesOnDevice = Input("positives", KdElementType.Int64, c.Batch, 1, 1, [.. positives.Select(row => (double)row)]);
        if (negatives.RejectsClass)
        {
            double[] table = [.. CrdCaseData.Table(negatives).Select(number => (double)number)];
            classes = Input("classes", KdElementType.Int64, 1, 1, table.Length, table);
        }

        if (c.OnDevice) step = Input("step", KdElementType.Int64, 1, 1, 1, [c.Step]);
        rows = Output("rows", KdElementType.Int64, c.Batch, 1, c.Count);
    }

    public override void Execute() => CrdContrast.Draw(
        positivesOnDevice.View,
        CrdChoice.Of(negatives, c.OnDevice ? 0 : c.Step, c.Count, classes?.View, step?.View),
        rows.View,
        Queue);

    protected override void Compare(Verdict verdict)
    {
        double[] actual = rows.Read();
        var expected = new int[c.Count];
        for (int i = 0; i < c.Batch; i++)
        {
            negatives.Draw(c.Step, positives[i], expected);
            for (int k = 0; k < c.Count; k++)
            {
                int anchor = i, negative = k;
                verdict.Check(expected[k], actual[(i * c.Count) + k], 0, 0, () => $"negative {negative} of anchor {anchor}");
            }
        }
    }
}
