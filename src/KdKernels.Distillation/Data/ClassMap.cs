namespace KdKernels.Distillation.Data;

/// <summary>
/// The exact class of each pixel of an image with one label and a mask: label + 1 on the object, 0 elsewhere. For
/// evaluation; weakly supervised training must not see it.
/// </summary>
public static class ClassMap
{
    /// <param name="images">A set with masks.</param>
    /// <param name="index">Which image.</param>
    /// <returns><c>[H · W]</c>.</returns>
    /// <exception cref="InvalidOperationException">The set has no masks.</exception>
    public static int[] Of(ImageSet images, int index)
    {
        ArgumentNullException.ThrowIfNull(images);
        ReadOnlySpan<byte> mask = images.Mask(index);
        int foreground = images.Label(index) + 1;
        int[] classes = new int[mask.Length];
        for (int i = 0; i < classes.Length; i++)
            classes[i] = mask[i] == 0 ? 0 : foreground;
        return classes;
    }
}
