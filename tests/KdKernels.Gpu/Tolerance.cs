using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>How far a kernel may be from the float64 oracle: float32 arithmetic with approximate exponentials inside,
/// one rounding to the stored type at the end.</summary>
internal static class Tolerance
{
    public const double LossRelative = 2e-5;

    // Times T² = 16 in most tests; a row whose loss is far below this is compared absolutely.
    public const double LossAbsolute = 5e-6;

    // A single class has no gradient; its 1 − 1 may be a rounding error.
    public const double OfZeroGradient = 1e-6;

    public static double Gradient(ScalarType type) => type switch
    {
        ScalarType.Float32 => 1e-5,
        // Half a unit in the last place is 2^-12 and 2^-9 relative.
        ScalarType.Float16 => 4e-4,
        ScalarType.BFloat16 => 2.5e-3,
        _ => 0,
    };

    /// <summary>Half the distance of the smallest numbers of the type.</summary>
    public static double Resolution(ScalarType type) => type == ScalarType.Float16 ? Math.ScaleB(1, -25) : 1e-30;
}
