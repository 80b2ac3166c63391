namespace KdKernels.Core;

/// <summary>
/// The noise of one call of NoisyLogits: σξ for each class of a row that is selected. A pure function of seed, step and
/// the row's sample, so that backward regenerates it and a sample's noise does not depend on the batch around it.
/// </summary>
internal sealed unsafe class LogitNoise(NoisyLogitsSettings settings)
{
    // A stretch of float32 normals on the stack, on the way to doubles.
    private const int Stretch = 256;

    /// <summary>Writes σξ of every class of a row; false, and nothing, where the row is not selected.</summary>
    public bool Fill<TElement>(long row, long classes, TElement* target)
        where TElement : unmanaged
    {
        uint sample = SampleOf(row);
        if (!settings.IsSelected(sample)) return false;
        float* normals = stackalloc float[Stretch];
        for (long at = 0; at < classes; at += Stretch)
        {
            long count = Math.Min(Stretch, classes - at);
            PhiloxNormals.Fill(settings.Seed, PhiloxPurpose.NoisyLogits, settings.Step, sample, at, normals, count);
            Scale(normals, count, target + at);
        }

        return true;
    }

    // In the element type, as the kernels of a GPU do: of float32 noise no bit depends on the device.
    private void Scale<TElement>(float* normals, long count, TElement* target)
        where TElement : unmanaged
    {
        if (typeof(TElement) == typeof(float))
        {
            float sigma = (float)settings.Sigma;
            for (long c = 0; c < count; c++) ((float*)target)[c] = sigma * normals[c];
            return;
        }

        for (long c = 0; c < count; c++) Memory.Put(target + c, settings.Sigma * normals[c]);
    }

    private uint SampleOf(long row) => settings.Samples is { } samples
        ? (uint)((long*)samples.Data)[samples.RowOffset(row)]
        : (uint)(settings.FirstSample + row);
}
