namespace KdKernels.Core;

/// <summary>A sample's channel as pixels side by side in double, whatever the strides of the map.</summary>
internal static unsafe class MapMemory
{
    /// <summary>Whole vectors of any width: what a buffer of <paramref name="count"/> doubles is rounded up to.</summary>
    public static long Padded(long count) => (count + 7) & ~7L;

    public static void ReadPlane(in RowsView rows, long sample, long channel, double* plane)
    {
        long offset = (sample * rows.OuterStride) + (channel * rows.ElementStride), stride = rows.InnerStride;
        if (rows.ElementType == KdElementType.Float32)
        {
            float* source = (float*)rows.Data + offset;
            for (long j = 0; j < rows.Inner; j++) plane[j] = source[j * stride];
        }
        else
        {
            double* source = (double*)rows.Data + offset;
            for (long j = 0; j < rows.Inner; j++) plane[j] = source[j * stride];
        }
    }

    public static void WritePlane(in RowsView rows, long sample, long channel, double* plane)
    {
        long offset = (sample * rows.OuterStride) + (channel * rows.ElementStride), stride = rows.InnerStride;
        if (rows.ElementType == KdElementType.Float32)
        {
            float* target = (float*)rows.Data + offset;
            for (long j = 0; j < rows.Inner; j++) target[j * stride] = (float)plane[j];
        }
        else
        {
            double* target = (double*)rows.Data + offset;
            for (long j = 0; j < rows.Inner; j++) target[j * stride] = plane[j];
        }
    }
}
