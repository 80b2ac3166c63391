using KdKernels.Core;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases.Fsp;

/// <summary>How far a kernel may be off, from what its products and sums may lose.</summary>
/// <param name="fsp">The case.</param>
/// <param name="data">Its numbers.</param>
internal sealed class FspBounds(FspCase fsp, FspData data)
{
    /// <summary>
    /// Of a sum of products, over the sum of their absolute values. float32 as three tf32 products: 2^-20 of each operand, and the
    /// sums of float32, as much again. tf32: two operands of 11 bits. 16-bit floats: their products are exact, the sums are not.
    /// </summary>
    private readonly double relative = fsp.AllowTf32 && fsp.Type == KdElementType.Float32 ? 1e-3 : 2e-6;

    /// <summary>
    /// Of a gradient's products besides: on the quick path the weights of 16-bit features are rounded to 11 bits.
    /// </summary>
    private readonly double weight = fsp.Type == KdElementType.Float32 ? 0 : Math.ScaleB(1, -11);

    private readonly bool average = fsp.Pooling == FspPooling.Average;

    /// <summary>Of each element of the matrices.</summary>
    public double[] Gram() => [.. Absolute(data.Student1, data.Student2).Select(sum => relative * sum)];

    /// <summary>Of each element of the differences.</summary>
    private double[] Difference() =>
    [
        .. Absolute(data.Student1, data.Student2).Zip(
            Absolute(data.Teacher1, data.Teacher2), (student, teacher) => relative * (student + teacher)),
    ];

    /// <summary>Of the loss of each sample.</summary>
    public double[] Losses()
    {
        double[] off = Difference(), difference = Differences();
        var bounds = new double[fsp.Batch];
        for (int sample = 0; sample < fsp.Batch; sample++)
        {
            for (int j = 0; j < fsp.Channels2; j++)
            {
                double squares = 0, linear = 0;
                for (int i = 0; i < fsp.Channels1; i++)
                {
                    int at = At(sample, i, j);
                    squares += off[at] * off[at];
                    linear += 2 * Math.Abs(difference[at]) * off[at];
                }

                bounds[sample] += fsp.Form == FspForm.ColumnNorms ? Math.Sqrt(squares) : linear + squares;
            }

            if (fsp.Form == FspForm.Mean) bounds[sample] /= fsp.Channels1 * fsp.Channels2;
        }

        return bounds;
    }

    /// <summary>Of the gradients of both layers: for each sample the most that any of its pixels may be off.</summary>
    public (double[] First, double[] Second) Gradients()
    {
        double[] weights = Weights();
        (OracleMaps f1, OracleMaps f2) = (Largest(data.Student1), Largest(data.Student2));
        double[] first = new double[fsp.Batch], second = new double[fsp.Batch];
        // A pixel of several windows collects what each of them may be off.
        int windows = data.Student1.Pixels == data.Student2.Pixels ? 1 : 4;
        int pixels = Math.Min(data.Student1.Height, data.Student2.Height) * Math.Min(data.Student1.Width, data.Student2.Width);
        for (int sample = 0; sample < fsp.Batch; sample++)
        {
            for (int i = 0; i < fsp.Channels1; i++)
            {
                double sum = 0;
                for (int j = 0; j < fsp.Channels2; j++) sum += weights[At(sample, i, j)] * f2[sample, j, 0];
                first[sample] = Math.Max(first[sample], windows * sum / pixels);
            }

            for (int j = 0; j < fsp.Channels2; j++)
            {
                double sum = 0;
                for (int i = 0; i < fsp.Channels1; i++) sum += weights[At(sample, i, j)] * f1[sample, i, 0];
                second[sample] = Math.Max(second[sample], windows * sum / pixels);
            }
        }

        return (first, second);
    }

    /// <summary>What a weight and its product may be off, over the other factor.</summary>
    private double[] Weights()
    {
        if (!fsp.IsLoss) return [.. data.Upstream.Select(u => (relative + weight) * Math.Abs(u))];
        double[] off = Difference(), difference = Differences(), weights = new double[off.Length];
        for (int sample = 0; sample < fsp.Batch; sample++)
        {
            double upstream = fsp.Call == FspCall.LossBackward
                ? Math.Abs(data.Upstream[fsp.Reduction == KdReduction.None ? sample : 0])
                : 1;
            double scale = upstream / (fsp.Reduction == KdReduction.BatchMean ? fsp.Batch : 1);
            for (int j = 0; j < fsp.Channels2; j++)
            {
                double squares = 0, errors = 0;
                for (int i = 0; i < fsp.Channels1; i++)
                {
                    squares += difference[At(sample, i, j)] * difference[At(sample, i, j)];
                    errors += off[At(sample, i, j)] * off[At(sample, i, j)];
                }

                double norm = Math.Sqrt(squares);
                for (int i = 0; i < fsp.Channels1; i++)
                {
                    int at = At(sample, i, j);
                    double d = Math.Abs(difference[at]);
                    weights[at] = scale * fsp.Form switch
                    {
                        FspForm.Paper => 2 * (((relative + weight) * d) + off[at]),
                        FspForm.Mean => 2 * (((relative + weight) * d) + off[at]) / (fsp.Channels1 * fsp.Channels2),
                        _ => norm == 0 ? 0 : (((relative + weight) * d) + off[at] + (d / norm * Math.Sqrt(errors))) / norm,
                    };
                }
            }
        }

        return weights;
    }

    private double[] Differences() =>
    [
        .. FspGramOracle.Gram(data.Student1, data.Student2, average).Zip(
            FspGramOracle.Gram(data.Teacher1, data.Teacher2, average), (student, teacher) => student - teacher),
    ];

    private double[] Absolute(OracleMaps first, OracleMaps second) =>
        FspGramOracle.Gram(Absolute(first), Absolute(second), average);

    private static OracleMaps Absolute(OracleMaps maps) => maps with { Values = [.. maps.Values.Select(Math.Abs)] };

    /// <summary>The largest absolute value of each channel.</summary>
    private static OracleMaps Largest(OracleMaps maps) => new(
        [.. maps.Values.Chunk(maps.Pixels).Select(plane => plane.Max(Math.Abs))], maps.Batch, maps.Channels, 1, 1);

    private int At(int sample, int i, int j) => (((sample * fsp.Channels1) + i) * fsp.Channels2) + j;
}
