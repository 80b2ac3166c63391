namespace KdKernels.Distillation.Data;

public sealed partial class CloudSet
{
    private static void RequireFinite(float[] points, int pointCount)
    {
        for (int i = 0; i < points.Length; i++)
        {
            if (!float.IsFinite(points[i]))
            {
                int cloud = i / (Channels * pointCount);
                throw new ArgumentException(
                    $"expected finite coordinates but got {points[i]} at "
                    + $"[{cloud}, {i / pointCount % Channels}, {i % pointCount}]",
                    nameof(points));
            }
        }
    }

    private static void RequireLabels(int[] labels, int classes)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes)
            {
                throw new ArgumentException(
                    $"expected labels in [0, {classes}) but got {labels[i]} at index {i}", nameof(labels));
            }
        }
    }

    private static void RequireMasks(byte[] masks, int pointCount)
    {
        for (int i = 0; i < masks.Length; i++)
        {
            if (masks[i] > 1)
            {
                throw new ArgumentException(
                    $"expected a mask of 0 and 1 but got {masks[i]} at [{i / pointCount}, {i % pointCount}]",
                    nameof(masks));
            }
        }
    }

    private static void RequireSize(int actual, long expected, string parameter)
    {
        if (actual != expected)
            throw new ArgumentException($"expected {expected} elements but got {actual}", parameter);
    }

    private void RequireIndex(int index)
    {
        if ((uint)index >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"expected an index in [0, {Count})");
    }
}
