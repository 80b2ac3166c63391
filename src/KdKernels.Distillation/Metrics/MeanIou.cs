namespace KdKernels.Distillation.Metrics;

/// <summary>
/// Intersection over union of class maps, from the confusion matrix of all pixels added so far: of class c,
/// n_cc / (Σ_j n_cj + Σ_i n_ic − n_cc).
/// </summary>
public sealed class MeanIou
{
    /// <summary>A true class that is left out, as in PASCAL VOC's masks.</summary>
    public const int Void = 255;

    private readonly int _classCount;
    private readonly long[] _confusion;

    /// <param name="classCount">With background.</param>
    public MeanIou(int classCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classCount, Void);
        _classCount = classCount;
        _confusion = new long[classCount * classCount];
    }

    /// <summary><c>[classes]</c>; NaN for a class that is neither there nor predicted.</summary>
    public IReadOnlyList<double> PerClass => PerClassOf(_confusion);

    /// <summary>Over the classes that are there or predicted; NaN before the first pixel.</summary>
    public double Mean => MeanOf(_confusion);

    /// <summary>Pixels of class <paramref name="truth"/> that were called <paramref name="predicted"/>.</summary>
    public long Confusion(int truth, int predicted)
    {
        RequireClass(truth, nameof(truth));
        RequireClass(predicted, nameof(predicted));
        return _confusion[truth * _classCount + predicted];
    }

    /// <summary>Adds one image.</summary>
    /// <param name="predicted">Class of each pixel.</param>
    /// <param name="truth">Likewise, or <see cref="Void"/>.</param>
    /// <returns>
    /// The mean IoU of this image alone, over the classes that occur in it or are predicted; NaN if all is void.
    /// </returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A class does not exist.</exception>
    public double Add(ReadOnlySpan<int> predicted, ReadOnlySpan<int> truth)
    {
        if (predicted.Length != truth.Length)
        {
            throw new ArgumentException(
                $"expected {truth.Length} predicted pixels but got {predicted.Length}", nameof(predicted));
        }

        long[] image = new long[_confusion.Length];
        for (int i = 0; i < truth.Length; i++)
        {
            if (truth[i] == Void)
                continue;
            RequireClass(truth[i], nameof(truth));
            RequireClass(predicted[i], nameof(predicted));
            image[truth[i] * _classCount + predicted[i]]++;
        }

        for (int i = 0; i < image.Length; i++)
            _confusion[i] += image[i];
        return MeanOf(image);
    }

    private double MeanOf(long[] confusion)
    {
        double[] defined = [.. PerClassOf(confusion).Where(value => !double.IsNaN(value))];
        return defined.Length == 0 ? double.NaN : defined.Average();
    }

    private double[] PerClassOf(long[] confusion)
    {
        double[] values = new double[_classCount];
        for (int c = 0; c < _classCount; c++)
        {
            long union = -confusion[c * _classCount + c];
            for (int other = 0; other < _classCount; other++)
                union += confusion[c * _classCount + other] + confusion[other * _classCount + c];
            // 0 / 0 is the NaN that is promised.
            values[c] = (double)confusion[c * _classCount + c] / union;
        }

        return values;
    }

    private void RequireClass(int value, string parameter)
    {
        if ((uint)value >= (uint)_classCount)
            throw new ArgumentOutOfRangeException(parameter, value, $"expected a class in [0, {_classCount})");
    }
}
