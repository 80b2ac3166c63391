using KdKernels.Distillation.Data.Mixing;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>
/// The augmentations that Wang et al. (NeurIPS 2022) compare for distillation, and random erasing, by name. Sizes that the
/// papers give for 32x32 images are taken as shares of the image: padding H/8, a cutout of side H/2.
/// </summary>
public static class BatchAugmentations
{
    public const string Identity = "identity";
    public const string Flip = "flip";
    public const string CropFlip = "crop-flip";
    public const string Cutout = "cutout";
    public const string AutoAugment = "autoaugment";
    public const string Mixup = "mixup";
    public const string CutMix = "cutmix";
    public const string CutMixPickStudent = "cutmix-pick-student";
    public const string CutMixPickTeacher = "cutmix-pick-teacher";
    public const string RandomErasing = "random-erasing";

    /// <summary>All of them, the two that ask a network included.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        Identity, Flip, CropFlip, Cutout, AutoAugment, Mixup, CutMix, CutMixPickStudent, CutMixPickTeacher, RandomErasing,
    ];

    /// <summary>Whether a network chooses among mixtures; <see cref="Create"/> does not make such.</summary>
    public static bool Picks(string name) => name is CutMixPickStudent or CutMixPickTeacher;

    /// <summary>An augmentation that needs no network.</summary>
    /// <param name="name">One of <see cref="Names"/> that does not pick.</param>
    /// <param name="statistics">By which the images are normalised: black, grey and bytes depend on it.</param>
    /// <exception cref="ArgumentException">There is no such augmentation, or it picks.</exception>
    public static IBatchAugmentation Create(string name, ChannelStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        return name switch
        {
            Identity => new IdentityAugmentation(),
            Flip => new CropFlipAugmentation(statistics, crop: false),
            CropFlip => new CropFlipAugmentation(statistics, crop: true),
            Cutout => new CutoutAugmentation(),
            AutoAugment => new AutoAugment(statistics),
            Mixup => new MixingAugmentation(new Mixup()),
            CutMix => new MixingAugmentation(new CutMix()),
            RandomErasing => new RandomErasingAugmentation(),
            _ => throw new ArgumentException(
                $"expected one of {string.Join(", ", Names.Where(known => !Picks(known)))} but got '{name}'", nameof(name)),
        };
    }
}
