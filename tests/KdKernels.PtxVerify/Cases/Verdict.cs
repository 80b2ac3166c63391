using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>What is wrong with the results of a case.</summary>
internal sealed class Verdict
{
    // A message for each of thousands of wrong elements helps nobody.
    private const int MostFaults = 2;

    private readonly List<string> faults = [];

    public IReadOnlyList<string> Faults => faults;

    public void Add(string fault)
    {
        if (faults.Count < MostFaults) faults.Add(fault);
    }

    /// <summary>|actual − expected| ≤ relative·scale, one rounding to the type besides; what is not finite must be
    /// met exactly.</summary>
    public void Check(
        double expected,
        double actual,
        double relative,
        double scale,
        Func<string> what,
        KdElementType type = KdElementType.Float32)
    {
        bool holds = double.IsFinite(expected)
            ? Math.Abs(actual - expected) <= (relative * scale) + (1.001 * Narrow.RoundingError(expected, type))
            : expected.Equals(actual);
        if (!holds)
            Add($"{what()}: expected {expected:R} but got {actual:R} (allowed {relative * scale:E2} off)");
    }

    /// <summary>Rows of values, each row by its largest one.</summary>
    /// <param name="expected">The oracle's.</param>
    /// <param name="actual">The kernel's.</param>
    /// <param name="length">Elements of a row.</param>
    /// <param name="relative">What may be off, over the largest finite absolute value of the row.</param>
    /// <param name="what">Name for messages.</param>
    /// <param name="type">What the values are rounded to.</param>
    public void CheckRows(
        double[] expected, double[] actual, int length, double relative, string what, KdElementType type)
    {
        if (expected.Length != actual.Length)
        {
            Add($"{what}: expected {expected.Length} values but got {actual.Length}");
            return;
        }

        for (int start = 0; start < expected.Length; start += length)
        {
            double scale = LargestFinite(expected.AsSpan(start, length));
            for (int i = start; i < start + length; i++)
            {
                int row = i / length, element = i % length;
                Check(expected[i], actual[i], relative, scale, () => $"{what}, row {row}, element {element}", type);
            }
        }
    }

    /// <summary>The largest finite absolute value.</summary>
    public static double LargestFinite(ReadOnlySpan<double> values)
    {
        double largest = 0;
        foreach (double value in values)
            if (double.IsFinite(value)) largest = Math.Max(largest, Math.Abs(value));
        return largest;
    }
}
