using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>
/// Compares results with the oracle's. Errors are relative, to the loss itself or to the largest gradient of the row,
/// so that a small loss cannot pass by being small.
/// </summary>
internal sealed class Judge(KernelCase kernelCase)
{
    /// <summary>float32 loss of random logits (methods.md section 2).</summary>
    public const double Loss = 1.5e-5;

    /// <summary>float32 loss of any logits: near-equal, shifted, with outliers.</summary>
    public const double LossAnywhere = 1.6e-4;

    /// <summary>float32 gradient of random logits.</summary>
    public const double Gradient = 8e-6;

    /// <summary>float32 gradient of any logits.</summary>
    public const double GradientAnywhere = 5e-4;

    /// <summary>float32 cross-entropy and entropies, relative to 1 + log C + |value|.</summary>
    public const double Entropy = 2e-6;

    /// <summary>
    /// What is lost, absolutely, of 1 − p where p is near 1: 4 ulp, two of them the error that an approximate exponential
    /// is allowed.
    /// </summary>
    public const double NearCertainty = 4.0 / (1 << 24);

    // A message for each of thousands of wrong elements helps nobody.
    private const int MostFaults = 2;

    private readonly List<string> faults = [];

    private bool IsOrdinary => kernelCase.Pattern is Pattern.Random or Pattern.Ties or Pattern.Excluded
        && kernelCase.Temperature <= 1000;

    public IReadOnlyList<string> Faults => faults;

    public double LossTolerance => IsOrdinary ? Loss : LossAnywhere;

    public double GradientTolerance => IsOrdinary ? Gradient : GradientAnywhere;

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

    /// <summary>A gradient, each row by its largest value.</summary>
    /// <param name="expected">The oracle's.</param>
    /// <param name="actual">The kernel's.</param>
    /// <param name="what">Name for messages.</param>
    /// <param name="floor">What each row may be off besides; null: nothing.</param>
    public void CheckRows(double[] expected, double[] actual, string what, Func<int, double>? floor = null)
    {
        int classes = kernelCase.Classes;
        for (int row = 0; row < kernelCase.Rows; row++)
        {
            double scale = Largest(expected, row) + ((floor?.Invoke(row) ?? 0) / GradientTolerance);
            for (int c = 0; c < classes; c++)
            {
                int at = (row * classes) + c, r = row, k = c;
                string Place() => $"{what}, row {r}, class {k}";
                Check(expected[at], actual[at], GradientTolerance, scale, Place, kernelCase.Type);
            }
        }
    }

    /// <summary>The largest finite absolute value of a row.</summary>
    private double Largest(double[] values, int row) => values
        .AsSpan(row * kernelCase.Classes, kernelCase.Classes).ToArray()
        .Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
}
