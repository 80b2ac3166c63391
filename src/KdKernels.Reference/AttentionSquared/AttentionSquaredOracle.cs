namespace KdKernels.Reference;

/// <summary>
/// The definition of attention transfer in double. The attention map of a sample is Q_j = Σ_c |F_cj|^p over its channels
/// (or their mean), q = Q / max(‖Q‖₂, 1e-12); the loss of a sample is β·Σ_j (q_s − q_t)_j² (the authors' code) or
/// (β/2)·‖q_s − q_t‖₂ (the paper). Maps of different sizes are pooled to the smaller height and the smaller width first.
/// </summary>
public static class AttentionSquaredOracle
{
    private const double SmallestNorm = 1e-12;

    /// <summary>Computes the loss and the gradient of the student's features.</summary>
    /// <param name="student">Features of the student.</param>
    /// <param name="teacher">Features of the teacher; any number of channels.</param>
    /// <param name="paper">The paper's form, else the code's.</param>
    /// <param name="power">p: 1, 2 or 4.</param>
    /// <param name="channelMean">The mean over channels instead of their sum.</param>
    /// <param name="beta">β.</param>
    /// <param name="reduction">How the samples are combined; Mean divides by B·h·w.</param>
    /// <param name="upstream">Gradient of the result: [B] for None, [1] otherwise; null means ones.</param>
    public static AttentionSquaredOracleResult Compute(
        OracleMaps student,
        OracleMaps teacher,
        bool paper,
        int power,
        bool channelMean,
        double beta,
        OracleReduction reduction,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        int height = Math.Min(student.Height, teacher.Height), width = Math.Min(student.Width, teacher.Width);
        OracleMaps s = Pool(student, height, width), t = Pool(teacher, height, width);
        double[] qs = Map(s, power, channelMean, normalise: true), qt = Map(t, power, channelMean, normalise: true);
        int batch = s.Batch, pixels = s.Pixels;
        double divisor = reduction switch
        {
            OracleReduction.Mean => (double)batch * pixels,
            OracleReduction.BatchMean => batch,
            _ => 1,
        };
        var losses = new double[batch];
        var mapGradient = new double[batch * pixels];
        for (int sample = 0; sample < batch; sample++)
        {
            double squares = 0;
            for (int j = sample * pixels; j < (sample + 1) * pixels; j++) squares += (qs[j] - qt[j]) * (qs[j] - qt[j]);
            double norm = Math.Sqrt(squares);
            losses[sample] = paper ? beta / 2 * norm : beta * squares;

            // Equal maps: the norm has no slope there, and 0 is the one that moves nothing.
            double slope = !paper ? 2 * beta : norm == 0 ? 0 : beta / (2 * norm);
            double scale = slope * Upstream(upstream, reduction, sample) / divisor;
            for (int j = sample * pixels; j < (sample + 1) * pixels; j++) mapGradient[j] = scale * (qs[j] - qt[j]);
        }

        double[] gradient = MapGradient(s, power, channelMean, normalise: true, mapGradient);
        if (!ReferenceEquals(s, student))
            gradient = AdaptivePooling.Gradient(student, s with { Values = gradient }, average: true);
        return new AttentionSquaredOracleResult(losses, losses.Sum() / divisor, gradient);
    }

    /// <summary>The attention maps [B, H·W], raw or normalised.</summary>
    public static double[] Map(OracleMaps features, int power, bool channelMean, bool normalise)
    {
        ArgumentNullException.ThrowIfNull(features);
        var map = new double[features.Batch * features.Pixels];
        for (int sample = 0; sample < features.Batch; sample++)
        {
            var q = new Span<double>(map, sample * features.Pixels, features.Pixels);
            for (int channel = 0; channel < features.Channels; channel++)
            {
                for (int j = 0; j < q.Length; j++) q[j] += Math.Pow(Math.Abs(features[sample, channel, j]), power);
            }

            double divisor = channelMean ? features.Channels : 1;
            for (int j = 0; j < q.Length; j++) q[j] /= divisor;
            double norm = Math.Max(Norm(q), SmallestNorm);
            for (int j = 0; normalise && j < q.Length; j++) q[j] /= norm;
        }

        return map;
    }

    /// <summary>The gradient of the features from that of their maps.</summary>
    public static double[] MapGradient(
        OracleMaps features, int power, bool channelMean, bool normalise, double[] upstream)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(upstream);
        int pixels = features.Pixels;
        double[] raw = Map(features, power, channelMean, normalise: false);
        var gradient = new double[features.Values.Length];
        for (int sample = 0; sample < features.Batch; sample++)
        {
            var q = new ReadOnlySpan<double>(raw, sample * pixels, pixels);
            var g = new ReadOnlySpan<double>(upstream, sample * pixels, pixels);
            double norm = Norm(q), along = 0;
            for (int j = 0; j < pixels; j++) along += q[j] * g[j];
            for (int j = 0; j < pixels; j++)
            {
                double slope = !normalise ? g[j]
                    : norm < SmallestNorm ? 0
                    : (g[j] - (q[j] / norm * (along / norm))) / norm;
                for (int channel = 0; channel < features.Channels; channel++)
                {
                    double f = features[sample, channel, j];
                    double power1 = f == 0 ? 0 : Math.CopySign(Math.Pow(Math.Abs(f), power - 1), f);
                    gradient[features.Index(sample, channel, j)] =
                        slope * power * power1 / (channelMean ? features.Channels : 1);
                }
            }
        }

        return gradient;
    }

    /// <summary>The pixel with the largest attention of each sample; the first of several.</summary>
    public static long[] Peaks(OracleMaps features, int power)
    {
        ArgumentNullException.ThrowIfNull(features);
        double[] map = Map(features, power, channelMean: false, normalise: false);
        var peaks = new long[features.Batch];
        for (int sample = 0; sample < features.Batch; sample++)
        {
            double[] q = map[(sample * features.Pixels)..((sample + 1) * features.Pixels)];
            peaks[sample] = Array.IndexOf(q, q.Max());
        }

        return peaks;
    }

    private static OracleMaps Pool(OracleMaps maps, int height, int width) =>
        maps.Height == height && maps.Width == width ? maps : AdaptivePooling.Pool(maps, height, width, average: true);

    private static double Norm(ReadOnlySpan<double> values)
    {
        double squares = 0;
        foreach (double value in values) squares += value * value;
        return Math.Sqrt(squares);
    }

    private static double Upstream(double[]? upstream, OracleReduction reduction, int sample) =>
        upstream is null ? 1 : upstream[reduction == OracleReduction.None ? sample : 0];
}
