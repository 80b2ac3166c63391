namespace KdKernels.Distillation.Reporting;

/// <summary>How a network classifies a set: over all, class by class, and what it takes for what.</summary>
public sealed class ClassificationResult
{
    /// <summary>Two-sided 95 % point of the normal distribution.</summary>
    private const double Z = 1.959963984540054;

    private readonly int[][] _confusion;

    private ClassificationResult(IReadOnlyList<string> classNames, int[][] confusion)
    {
        ClassNames = classNames;
        _confusion = confusion;
        Images = confusion.Sum(row => row.Sum());
        int hits = Enumerable.Range(0, classNames.Count).Sum(c => confusion[c][c]);
        Accuracy = Images == 0 ? double.NaN : (double)hits / Images;
        (Low, High) = Wilson(hits, Images);
    }

    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of images.</summary>
    public int Images { get; }

    /// <summary>Share of images classified rightly; NaN for an empty set.</summary>
    public double Accuracy { get; }

    /// <summary>Lower end of the 95 % interval of <see cref="Accuracy"/> (Wilson 1927).</summary>
    public double Low { get; }

    /// <summary>Upper end of the 95 % interval of <see cref="Accuracy"/>.</summary>
    public double High { get; }

    /// <summary>Number of images by true class (row) and predicted class (column).</summary>
    public IReadOnlyList<IReadOnlyList<int>> Confusion => _confusion;

    /// <param name="classNames">One name per class.</param>
    /// <param name="labels">True classes, <c>[N]</c>.</param>
    /// <param name="predictions">Predicted classes, <c>[N]</c>.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a class is out of range.</exception>
    public static ClassificationResult Of(
        IReadOnlyList<string> classNames, ReadOnlySpan<int> labels, ReadOnlySpan<int> predictions)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        if (labels.Length != predictions.Length)
            throw new ArgumentException(
                $"expected {labels.Length} predictions but got {predictions.Length}", nameof(predictions));
        int classes = classNames.Count;
        int[][] confusion = [.. Enumerable.Range(0, classes).Select(_ => new int[classes])];
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes || (uint)predictions[i] >= (uint)classes)
            {
                throw new ArgumentException(
                    $"expected classes in [0, {classes}) "
                    + $"but got label {labels[i]} and prediction {predictions[i]} at {i}",
                    nameof(predictions));
            }

            confusion[labels[i]][predictions[i]]++;
        }

        return new ClassificationResult(classNames, confusion);
    }

    /// <summary>Images of a class.</summary>
    public int ImagesOf(int label) => _confusion[label].Sum();

    /// <summary>Share of a class's images that are classified rightly; null where it has none.</summary>
    public double? AccuracyOf(int label)
    {
        int images = ImagesOf(label);
        return images == 0 ? null : (double)_confusion[label][label] / images;
    }

    /// <summary>The interval that stays inside [0, 1] and has a width also where every image, or none, is a
    /// hit.</summary>
    private static (double Low, double High) Wilson(int hits, int images)
    {
        if (images == 0)
            return (double.NaN, double.NaN);
        double share = (double)hits / images;
        double denominator = 1 + Z * Z / images;
        double centre = (share + Z * Z / (2 * images)) / denominator;
        double half = Z / denominator * Math.Sqrt(share * (1 - share) / images + Z * Z / (4.0 * images * images));
        return (hits == 0 ? 0 : centre - half, hits == images ? 1 : centre + half);
    }
}
