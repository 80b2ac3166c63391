namespace KdKernels.Distillation.Data;

public sealed partial class CloudSet
{
    /// <summary>The first <paramref name="count"/> clouds.</summary>
    public CloudSet Take(int count) => Range(0, count);

    /// <summary><paramref name="count"/> clouds from <paramref name="start"/> on.</summary>
    public CloudSet Range(int start, int count)
    {
        if (start < 0 || count < 0 || start > Count - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), $"expected a range inside [0, {Count}) but got start {start} and count {count}");
        }

        return start == 0 && count == Count ? this : Select([.. Enumerable.Range(start, count)]);
    }

    /// <summary>The clouds at <paramref name="indices"/>, in that order; an index may repeat.</summary>
    public CloudSet Select(ReadOnlySpan<int> indices)
    {
        float[] points = new float[checked(indices.Length * Channels * PointCount)];
        CopyPoints(indices, points);
        int[] labels = new int[indices.Length];
        byte[]? masks = _masks is null ? null : new byte[indices.Length * PointCount];
        for (int i = 0; i < indices.Length; i++)
        {
            labels[i] = _labels[indices[i]];
            if (masks is not null)
                Mask(indices[i]).CopyTo(masks.AsSpan(i * PointCount));
        }

        return new CloudSet(Name, Description, PointCount, points, labels, ClassNames, masks);
    }
}
