using KdKernels.Core;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases.Fsp;

/// <summary>A case's numbers, rounded to the element type so that oracle and kernel see the same ones.</summary>
internal sealed class FspData
{
    private readonly Random random;
    private readonly FspCase fsp;

    public FspData(FspCase fsp)
    {
        this.fsp = fsp;
        random = new Random(5 + fsp.Channels1 + (31 * fsp.Height));
        (int height, int width) = fsp.Second ?? (fsp.Height, fsp.Width);
        Student1 = Maps(fsp.Channels1, fsp.Height, fsp.Width);
        if (fsp.HasNaN) Student1.Values[Student1.Index(0, fsp.Channels1 / 2, 0)] = double.NaN;
        Student2 = fsp.Symmetric ? Student1 : Maps(fsp.Channels2, height, width);
        (int Height, int Width) first = fsp.Teacher ?? (fsp.Height, fsp.Width), second = fsp.Teacher ?? (height, width);
        Teacher1 = fsp.Equal ? Student1 : Maps(fsp.Channels1, first.Height, first.Width);
        Teacher2 = fsp.Equal ? Student2 : fsp.Symmetric ? Teacher1 : Maps(fsp.Channels2, second.Height, second.Width);
        int upstreams = fsp.Call == FspCall.GramBackward
            ? fsp.Batch * fsp.Channels1 * fsp.Channels2
            : fsp.Reduction == KdReduction.None ? fsp.Batch : 1;
        Upstream = [.. Enumerable.Range(0, upstreams).Select(_ => (double)(float)Normal())];
    }

    public OracleMaps Student1 { get; }

    public OracleMaps Student2 { get; }

    public OracleMaps Teacher1 { get; }

    public OracleMaps Teacher2 { get; }

    public double[] Upstream { get; }

    private OracleMaps Maps(int channels, int height, int width)
    {
        var values = new double[fsp.Batch * channels * height * width];
        for (int i = 0; i < values.Length; i++)
        {
            double value = Normal();
            // Some equal ones, so that the first of several largest matters.
            if (fsp.Second is not null) value = Math.Round(2 * value) / 2;
            values[i] = Narrow.Round(fsp.Positive ? Math.Abs(value) : value, fsp.Type);
        }

        return new OracleMaps(values, fsp.Batch, channels, height, width);
    }

    private double Normal() =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
