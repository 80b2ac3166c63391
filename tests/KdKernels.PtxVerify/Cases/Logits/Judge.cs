using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>
/// Compares results with the oracle's. Errors are relative, to the loss itself or to the largest gradient of the row,
/// so that a small loss cannot pass by being small.
/// </summary>
internal sealed class Judge(KernelCase kernelCase, Verdict verdict)
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

    private bool IsOrdinary => kernelCase.Pattern is Pattern.Random or Pattern.Ties or Pattern.Excluded
        && kernelCase.Temperature <= 1000;

    public double LossTolerance => IsOrdinary ? Loss : LossAnywhere;

    public double GradientTolerance => IsOrdinary ? Gradient : GradientAnywhere;

    /// <summary>|actual − expected| ≤ relative·scale, one rounding to the type besides; what is not finite must be
    /// met exactly.</summary>
    public void Check(
        double expected,
        double actual,
        double relative,
        double scale,
        Func<string> what,
        KdElementType type = KdElementType.Float32) =>
        verdict.Check(expected, actual, relative, scale, what, type);

    /// <summary>A fault that was found otherwise.</summary>
    public void Add(string fault) => verdict.Add(fault);

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
            double scale = Verdict.LargestFinite(expected.AsSpan(row * classes, classes))
                + ((floor?.Invoke(row) ?? 0) / GradientTolerance);
            for (int c = 0; c < classes; c++)
            {
                int at = (row * classes) + c, r = row, k = c;
                string Place() => $"{what}, row {r}, class {k}";
                Check(expected[at], actual[at], GradientTolerance, scale, Place, kernelCase.Type);
            }
        }
    }
}
