using KdKernels.Core;
namespace KdKernels.Core.Tests;

/// <summary>
/// What the CPU kernels may differ from the oracle by. Errors are relative: to the loss itself, or for gradients to the
/// largest gradient of the row. No absolute term, so that a small loss cannot pass by being small.
/// </summary>
public static class Tolerance
{
    /// <summary>float32 loss of random logits (methods.md §2).</summary>
    public const double SingleLoss = 1.5e-5;

    /// <summary>float32 loss of any logits: near-equal, shifted, with outliers.</summary>
    public const double SingleLossAnywhere = 1.6e-4;

    /// <summary>float32 gradient of random logits.</summary>
    public const double SingleGradient = 8e-6;

    /// <summary>float32 gradient of any logits.</summary>
    public const double SingleGradientAnywhere = 5e-4;

    /// <summary>float64, loss and gradient: the oracle's own rounding is of this size for C = 32001.</summary>
    public const double DoublePrecision = 1e-11;

    /// <summary>float32 cross-entropy and entropies, relative to log C + |value|.</summary>
    public const double SingleEntropy = 2e-6;

    public static double Loss(KdElementType type) => type == KdElementType.Float32 ? SingleLoss : DoublePrecision;

    public static double Gradient(KdElementType type) =>
        type == KdElementType.Float32 ? SingleGradient : DoublePrecision;

    public static double Entropy(KdElementType type) => type == KdElementType.Float32 ? SingleEntropy : DoublePrecision;

    /// <summary>Asserts |actual − expected| ≤ relative·scale; NaN and infinities must be met exactly.</summary>
    public static void Check(double expected, double actual, double relative, double scale, string what) =>
        Check(expected, actual, relative, scale, () => what);

    /// <summary>The same with a text that is only made when it is needed.</summary>
    public static void Check(double expected, double actual, double relative, double scale, Func<string> what)
    {
        if (double.IsNaN(expected) || double.IsInfinity(expected))
        {
            if (!expected.Equals(actual)) Assert.Fail($"{what()}: expected {expected} but got {actual}");
            return;
        }

        double allowed = relative * scale;
        if (Math.Abs(actual - expected) <= allowed) return;
        Assert.Fail(
            $"{what()}: expected {expected:R} but got {actual:R} "
            + $"(difference {actual - expected:E2}, allowed {allowed:E2})");
    }

    /// <summary>Compares gradients row by row, relative to the scale that the row has.</summary>
    public static void CheckRows(
        double[] expected, double[] actual, int classes, double relative, Func<int, double> scaleOf, string what)
    {
        for (int row = 0; row < expected.Length / classes; row++)
        {
            double scale = scaleOf(row);
            for (int c = 0; c < classes; c++)
            {
                int i = (row * classes) + c;
                Check(expected[i], actual[i], relative, scale, () => $"{what}, row {i / classes}, class {i % classes}");
            }
        }
    }

    /// <summary>The largest finite absolute value of a row.</summary>
    public static double Largest(double[] values, int classes, int row) =>
        values.Skip(row * classes).Take(classes).Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
}
