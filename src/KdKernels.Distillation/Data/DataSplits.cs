namespace KdKernels.Distillation.Data;

/// <summary>A set to train on and a held-out set, of one shape and with the same classes.</summary>
public sealed record DataSplits
{
    /// <exception cref="ArgumentException">Shapes or class names differ.</exception>
    public DataSplits(ImageSet train, ImageSet test)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        if (train.Shape != test.Shape)
        {
            throw new ArgumentException(
                $"expected test images of shape {train.Shape} but got {test.Shape}", nameof(test));
        }

        if (!train.ClassNames.SequenceEqual(test.ClassNames, StringComparer.Ordinal))
        {
            throw new ArgumentException(
                $"expected the classes {string.Join(", ", train.ClassNames)} in the test set but got "
                + string.Join(", ", test.ClassNames),
                nameof(test));
        }

        Train = train;
        Test = test;
    }

    public ImageSet Train { get; }

    public ImageSet Test { get; }
}
