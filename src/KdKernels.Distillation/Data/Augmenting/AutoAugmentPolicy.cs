using System.Runtime.InteropServices;
using KdKernels.Distillation.Data.Augmenting.Operations;
using static KdKernels.Distillation.Data.Augmenting.Operations.ImageOperation;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>One operation of a sub-policy.</summary>
/// <param name="Operation">Which.</param>
/// <param name="Probability">With which it is applied.</param>
/// <param name="Level">Its magnitude, 0 to 9; not read where the operation has none.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PolicyStep(ImageOperation Operation, double Probability, int Level);

/// <summary>
/// The policy that AutoAugment found on CIFAR-10 (Cubuk et al. 2019): 25 sub-policies of two operations each. Checked
/// against torchvision's <c>AutoAugmentPolicy.CIFAR10</c> and DeepVoltaire's <c>CIFAR10Policy</c>, which agree.
/// </summary>
/// <remarks>
/// Magnitudes are equally spaced over ten levels in the ranges that both of these take: shear to 0.3,
/// translation to 150 of 331 of the side, rotation to 30 degrees, enhancement factors to 1 ± 0.9, posterising to 8 to 4 bits,
/// solarising from 256 to 0. Their signs are drawn, that of a rotation as well, as torchvision does; translations are not cut
/// to whole pixels before sampling, and 256 starts the solarising (torchvision: 255), as in DeepVoltaire's.
/// </remarks>
public static class AutoAugmentPolicy
{
    private const int LastLevel = 9;

    public static IReadOnlyList<(PolicyStep First, PolicyStep Second)> Cifar10 { get; } =
    [
        (new(Invert, 0.1, 7), new(Contrast, 0.2, 6)),
        (new(Rotate, 0.7, 2), new(TranslateX, 0.3, 9)),
        (new(Sharpness, 0.8, 1), new(Sharpness, 0.9, 3)),
        (new(ShearY, 0.5, 8), new(TranslateY, 0.7, 9)),
        (new(AutoContrast, 0.5, 8), new(Equalize, 0.9, 2)),
        (new(ShearY, 0.2, 7), new(Posterize, 0.3, 7)),
        (new(Color, 0.4, 3), new(Brightness, 0.6, 7)),
        (new(Sharpness, 0.3, 9), new(Brightness, 0.7, 9)),
        (new(Equalize, 0.6, 5), new(Equalize, 0.5, 1)),
        (new(Contrast, 0.6, 7), new(Sharpness, 0.6, 5)),
        (new(Color, 0.7, 7), new(TranslateX, 0.5, 8)),
        (new(Equalize, 0.3, 7), new(AutoContrast, 0.4, 8)),
        (new(TranslateY, 0.4, 3), new(Sharpness, 0.2, 6)),
        (new(Brightness, 0.9, 6), new(Color, 0.2, 8)),
        (new(Solarize, 0.5, 2), new(Invert, 0.0, 3)),
        (new(Equalize, 0.2, 0), new(AutoContrast, 0.6, 0)),
        (new(Equalize, 0.2, 8), new(Equalize, 0.6, 4)),
        (new(Color, 0.9, 9), new(Equalize, 0.6, 6)),
        (new(AutoContrast, 0.8, 4), new(Solarize, 0.2, 8)),
        (new(Brightness, 0.1, 3), new(Color, 0.7, 0)),
        (new(Solarize, 0.4, 5), new(AutoContrast, 0.9, 3)),
        (new(TranslateY, 0.9, 9), new(TranslateY, 0.7, 9)),
        (new(AutoContrast, 0.9, 2), new(Solarize, 0.8, 3)),
        (new(Equalize, 0.8, 8), new(Invert, 0.1, 3)),
        (new(TranslateY, 0.7, 9), new(AutoContrast, 0.9, 1)),
    ];

    /// <summary>What a level means for an image.</summary>
    /// <param name="operation">Whose magnitude it is.</param>
    /// <param name="level">0 to 9.</param>
    /// <param name="shape">Of the image: translations are shares of it.</param>
    /// <param name="negative">The sign that was drawn; operations without one do not read it.</param>
    /// <returns>The value that <see cref="ImageOperations.Apply"/> takes; 0 where the operation has none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The level is not in [0, 9].</exception>
    public static double Value(ImageOperation operation, int level, ImageShape shape, bool negative)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (level is < 0 or > LastLevel)
        {
            throw new ArgumentOutOfRangeException(nameof(level), level, $"expected a level in [0, {LastLevel}]");
        }

        double share = (double)level / LastLevel;
        double signed = negative ? -share : share;
        return operation switch
        {
            ShearX or ShearY => 0.3 * signed,
            TranslateX => 150.0 / 331 * shape.Width * signed,
            TranslateY => 150.0 / 331 * shape.Height * signed,
            Rotate => 30 * signed,
            Contrast or Color or Brightness or Sharpness => 1 + 0.9 * signed,
            Posterize => Math.Round(8 - 4 * share),
            Solarize => 256 * (1 - share),
            _ => 0,
        };
    }
}
