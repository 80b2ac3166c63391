namespace KdKernels.Reference;

/// <summary>
/// The definition of FSP in double. The matrix of two layers is G_ij = (1/HW) Σ_p F1_ip·F2_jp per sample, with D = G_s − G_t
/// the loss of a sample is ‖D‖_F² (the paper), the mean of its squares, or the sum of its columns' norms Σ_j ‖D_·j‖₂. Maps
/// of different sizes are pooled to the smaller height and the smaller width first.
/// </summary>
public static class FspGramOracle
{
    /// <summary>The matrices [B, C1, C2].</summary>
    public static double[] Gram(OracleMaps features1, OracleMaps features2, bool averagePooling)
    {
        ArgumentNullException.ThrowIfNull(features1);
        ArgumentNullException.ThrowIfNull(features2);
        (OracleMaps f1, OracleMaps f2) = Pool(features1, features2, averagePooling);
        var gram = new double[f1.Batch * f1.Channels * f2.Channels];
        int at = 0;
        for (int sample = 0; sample < f1.Batch; sample++)
        {
            for (int i = 0; i < f1.Channels; i++)
            {
                for (int j = 0; j < f2.Channels; j++, at++)
                {
                    for (int p = 0; p < f1.Pixels; p++) gram[at] += f1[sample, i, p] * f2[sample, j, p];
                    gram[at] /= f1.Pixels;
                }
            }
        }

        return gram;
    }

    /// <summary>The gradients of both maps from that of the matrices: U·F2/HW and Uᵀ·F1/HW, through the pooling.</summary>
    public static (double[] Features1, double[] Features2) Gradients(
        OracleMaps features1, OracleMaps features2, bool averagePooling, double[] upstream)
    {
        ArgumentNullException.ThrowIfNull(features1);
        ArgumentNullException.ThrowIfNull(features2);
        ArgumentNullException.ThrowIfNull(upstream);
        (OracleMaps f1, OracleMaps f2) = Pool(features1, features2, averagePooling);
        double[] first = new double[f1.Values.Length], second = new double[f2.Values.Length];
        int at = 0;
        for (int sample = 0; sample < f1.Batch; sample++)
        {
            for (int i = 0; i < f1.Channels; i++)
            {
                for (int j = 0; j < f2.Channels; j++, at++)
                {
                    double u = upstream[at] / f1.Pixels;
                    for (int p = 0; p < f1.Pixels; p++)
                    {
                        first[f1.Index(sample, i, p)] += u * f2[sample, j, p];
                        second[f2.Index(sample, j, p)] += u * f1[sample, i, p];
                    }
                }
            }
        }

        return (Unpool(features1, f1, first, averagePooling), Unpool(features2, f2, second, averagePooling));
    }

    /// <summary>Computes the loss and the gradients of the student's features.</summary>
    /// <param name="student1">The student's first layer.</param>
    /// <param name="student2">The student's second layer.</param>
    /// <param name="teacher1">The teacher's first layer, with as many channels as the student's.</param>
    /// <param name="teacher2">The teacher's second layer, with as many channels as the student's.</param>
    /// <param name="form">What a sample's loss is.</param>
    /// <param name="averagePooling">Mean pooling of the larger map instead of maximum pooling.</param>
    /// <param name="reduction">None, Sum or BatchMean over the samples.</param>
    /// <param name="upstream">Gradient of the result: [B] for None, [1] otherwise; null means ones.</param>
    public static FspGramOracleResult Loss(
        OracleMaps student1,
        OracleMaps student2,
        OracleMaps teacher1,
        OracleMaps teacher2,
        OracleFspForm form,
        bool averagePooling,
        OracleReduction reduction,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(student1);
        ArgumentNullException.ThrowIfNull(student2);
        double[] gs = Gram(student1, student2, averagePooling), gt = Gram(teacher1, teacher2, averagePooling);
        int batch = student1.Batch, rows = student1.Channels, columns = student2.Channels, size = rows * columns;
        double divisor = reduction == OracleReduction.BatchMean ? batch : 1;
        var losses = new double[batch];
        var gramGradient = new double[gs.Length];
        for (int sample = 0; sample < batch; sample++)
        {
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? sample : 0]) / divisor;
            for (int j = 0; j < columns; j++)
            {
                double squares = 0;
                for (int i = 0; i < rows; i++) squares += Square(Difference(i, j));
                losses[sample] += form switch
                {
                    OracleFspForm.Paper => squares,
                    OracleFspForm.Mean => squares / size,
                    _ => Math.Sqrt(squares),
                };
                double slope = form switch
                {
                    OracleFspForm.Paper => 2,
                    OracleFspForm.Mean => 2.0 / size,
                    // A column without a difference: its norm has no slope there, and 0 is the one that moves nothing.
                    _ => squares == 0 ? 0 : 1 / Math.Sqrt(squares),
                };
                for (int i = 0; i < rows; i++) gramGradient[At(i, j)] = scale * slope * Difference(i, j);
            }

            int At(int i, int j) => (sample * size) + (i * columns) + j;
            double Difference(int i, int j) => gs[At(i, j)] - gt[At(i, j)];
        }

        (double[] first, double[] second) = Gradients(student1, student2, averagePooling, gramGradient);
        return new FspGramOracleResult(losses, losses.Sum() / divisor, first, second);
    }

    private static (OracleMaps First, OracleMaps Second) Pool(OracleMaps first, OracleMaps second, bool average)
    {
        int height = Math.Min(first.Height, second.Height), width = Math.Min(first.Width, second.Width);
        return (Pool(first), Pool(second));

        OracleMaps Pool(OracleMaps maps) => maps.Height == height && maps.Width == width
            ? maps
            : AdaptivePooling.Pool(maps, height, width, average);
    }

    private static double[] Unpool(OracleMaps maps, OracleMaps pooled, double[] gradient, bool average) =>
        ReferenceEquals(maps, pooled)
            ? gradient
            : AdaptivePooling.Gradient(maps, pooled with { Values = gradient }, average);

    private static double Square(double value) => value * value;
}
