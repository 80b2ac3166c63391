namespace KdKernels.Distillation.Data;

/// <summary>A set to train on and a held-out set, with as many points per cloud and the same classes.</summary>
public sealed record CloudSplits
{
    /// <exception cref="ArgumentException">Numbers of points or classes differ.</exception>
    public CloudSplits(CloudSet train, CloudSet test)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        if (train.PointCount != test.PointCount)
        {
            throw new ArgumentException(
                $"expected test clouds of {train.PointCount} points but got {test.PointCount}", nameof(test));
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

    public CloudSet Train { get; }

    public CloudSet Test { get; }
}
