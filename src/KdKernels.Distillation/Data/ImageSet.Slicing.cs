using KdKernels.Core;

namespace KdKernels.Distillation.Data;

public sealed partial class ImageSet
{
    /// <summary>The first <paramref name="count"/> images.</summary>
    public ImageSet Take(int count) => Range(0, count);

    /// <summary><paramref name="count"/> images from <paramref name="start"/> on.</summary>
    public ImageSet Range(int start, int count)
    {
        if (start < 0 || count < 0 || start > Count - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), $"expected a range inside [0, {Count}) but got start {start} and count {count}");
        }

        if (start == 0 && count == Count)
            return this;
        return new ImageSet(
            Name,
            Description,
            Shape,
            _pixels.AsSpan(start * Shape.ByteCount, count * Shape.ByteCount).ToArray(),
            _labels.AsSpan(start, count).ToArray(),
            ClassNames,
            _masks?.AsSpan(start * Shape.PixelCount, count * Shape.PixelCount).ToArray());
    }

    /// <summary>The images at <paramref name="indices"/>, in that order; an index may repeat.</summary>
    /// <exception cref="KdDataException">The result would exceed one array.</exception>
    public ImageSet Select(ReadOnlySpan<int> indices)
    {
        byte[] pixels = new byte[Shape.ByteCountOf(indices.Length, Name)];
        int[] labels = new int[indices.Length];
        byte[]? masks = _masks is null ? null : new byte[indices.Length * Shape.PixelCount];
        for (int i = 0; i < indices.Length; i++)
        {
            Image(indices[i]).CopyTo(pixels.AsSpan(i * Shape.ByteCount));
            labels[i] = _labels[indices[i]];
            if (masks is not null)
                Mask(indices[i]).CopyTo(masks.AsSpan(i * Shape.PixelCount));
        }

        return new ImageSet(Name, Description, Shape, pixels, labels, ClassNames, masks);
    }

    /// <summary>The same images under another name and description.</summary>
    public ImageSet Rename(string name, string description) =>
        new(name, description, Shape, _pixels, _labels, ClassNames, _masks);

    /// <summary>Splits by a permutation that depends on <paramref name="seed"/> and <see cref="Count"/> only.</summary>
    /// <param name="firstCount">Images in the first part, in [0, Count].</param>
    /// <param name="seed">Seed of the permutation.</param>
    public (ImageSet First, ImageSet Second) Split(int firstCount, ulong seed)
    {
        RequirePart(firstCount);
        int[] order = Permutation(seed);
        return (Select(order.AsSpan(0, firstCount)), Select(order.AsSpan(firstCount)));
    }

    /// <summary>
    /// Splits so that both parts have every class in the proportion of the whole: class k gives
    /// <c>round(firstCount · n_k / N)</c> images to the first part, by largest remainder so that the total is exact.
    /// Which images is drawn by seed; each part keeps the order of the permutation.
    /// </summary>
    /// <param name="firstCount">Images in the first part, in [0, Count].</param>
    /// <param name="seed">Seed of the permutation.</param>
    public (ImageSet First, ImageSet Second) StratifiedSplit(int firstCount, ulong seed)
    {
        RequirePart(firstCount);
        int[] quota = Apportion(LabelHistogram(), firstCount, Count);
        var first = new List<int>(firstCount);
        var second = new List<int>(Count - firstCount);
        foreach (int index in Permutation(seed))
            (quota[_labels[index]]-- > 0 ? first : second).Add(index);
        return (Select([.. first]), Select([.. second]));
    }

    private int[] Permutation(ulong seed)
    {
        int[] order = [.. Enumerable.Range(0, Count)];
        new PhiloxSequence(seed, RandomPurpose.Split).Shuffle(order);
        return order;
    }

    /// <summary>Largest-remainder apportionment of <paramref name="seats"/>; ties go to the lower class.</summary>
    private static int[] Apportion(int[] histogram, int seats, int total)
    {
        int[] quota = new int[histogram.Length];
        if (total == 0)
            return quota;
        for (int k = 0; k < quota.Length; k++)
            quota[k] = (int)((long)histogram[k] * seats / total);
        IEnumerable<int> classes = Enumerable.Range(0, quota.Length);
        int[] byRemainder = [.. classes.OrderByDescending(k => (long)histogram[k] * seats % total)];
        int left = seats - quota.Sum();
        for (int i = 0; i < left; i++)
            quota[byRemainder[i]]++;
        return quota;
    }

    private void RequirePart(int firstCount)
    {
        if (firstCount < 0 || firstCount > Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstCount), firstCount, $"expected a count in [0, {Count}] of '{Name}'");
        }
    }
}
