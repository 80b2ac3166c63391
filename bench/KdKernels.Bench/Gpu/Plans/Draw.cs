namespace KdKernels.Bench.Gpu.Plans;

/// <summary>
/// How an input's values come from a seed; bench/peers/inputs.py does it. What a kind does not need is null and not
/// written.
/// </summary>
/// <param name="Kind">normal, near, uniform, unit-rows, integers, mask or fill.</param>
/// <param name="Scale">Factor of normal numbers, share of ones in a mask, or the value of a fill.</param>
/// <param name="Low">Least of uniform numbers.</param>
/// <param name="High">Upper end of uniform numbers or integers.</param>
/// <param name="Of">The input that another is near.</param>
/// <param name="Weight">Its factor.</param>
internal sealed record Draw(
    string Kind, double? Scale = null, double? Low = null, double? High = null, string? Of = null, double? Weight = null)
{
    /// <summary>Normal numbers of a deviation.</summary>
    public static Draw Normal(double scale = 1) => new("normal", scale);

    /// <summary>A teacher that resembles its student, as one does in the middle of training:
    /// <c>weight * other + scale * normal</c>.</summary>
    public static Draw Near(GpuTensor other, double weight = 0.7, double scale = 2) =>
        new("near", scale, Of: other.Name, Weight: weight);

    public static Draw Uniform(double low, double high) => new("uniform", Low: low, High: high);

    /// <summary>Normal numbers whose rows (the last dimension) are divided by their norms.</summary>
    public static Draw UnitRows() => new("unit-rows");

    /// <summary>From 0 up to but without <paramref name="high"/>: labels, indices.</summary>
    public static Draw Integers(long high) => new("integers", High: high);

    /// <summary>True for a share of the elements.</summary>
    public static Draw Mask(double share) => new("mask", share);

    public static Draw Fill(double value) => new("fill", value);
}
