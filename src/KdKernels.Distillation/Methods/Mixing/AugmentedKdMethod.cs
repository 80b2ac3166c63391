using KdKernels.Distillation.Data.Augmenting;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;

namespace KdKernels.Distillation.Methods.Mixing;

/// <summary>Distillation on the batch and on the batch changed by any augmentation.</summary>
internal sealed class AugmentedKdMethod(MethodSettings settings, AugmentedHalf half)
    : PairedMethod(settings, "augmented", half)
{
    public static MethodDefinition Definition { get; } = new()
    {
        Name = "augmented-kd",
        Summary = "0.1 CE + 0.9 (kd on the batch + kd on the batch changed by an augmentation)",
        Paper = "Wang, Lohit, Jones and Fu 2022, What Makes a \"Good\" Data Augmentation in Knowledge Distillation, section 4",
        Description =
            """
            `L = labels · CE(z_s, y) + w T² KL(p_t ‖ p_s) on the batch + w' T² KL(p_t ‖ p_s) on the batch changed by augmentation`,

            each a mean over its own rows; the labels' weight is 0.1, w = w' = 0.9, T = 4: the paper's loss for every augmentation that
            it compares. The changed images have no labels: the teacher, evaluated on them, says what they are. The student runs a
            second time, in training mode, on the changed images only. What changes is the batch as it is trained on, with the
            recipe's own crop and flip in it; what an image gets is a function of the seed, the step and its place.

            | augmentation | what it does |
            |---|---|
            | `identity` | nothing: the batch counts twice |
            | `flip` | mirrors with probability 1/2 |
            | `crop-flip` | moves by up to H/8 pixels, black outside, and mirrors |
            | `cutout` | a square of side H/2, centre uniform, cut off at the edges, becomes the mean (DeVries and Taylor 2017) |
            | `autoaugment` | the CIFAR-10 policy of Cubuk et al. 2019: one of 25 pairs of PIL operations, nearest sampling, grey 128 outside |
            | `mixup` | λ x + (1 − λ) x', λ ~ Beta(1, 1), one λ per batch |
            | `cutmix` | one box of each image is its partner's, λ ~ Beta(1, 1), one box per batch |
            | `cutmix-pick-student`, `cutmix-pick-teacher` | CutMix twice, then the B mixtures of largest entropy: see cutmix-pick |
            | `random-erasing` | with probability 1/2 a rectangle of 2 to 33 % of the area becomes the mean (Zhong et al. 2020) |

            Sizes that papers give for 32x32 images are shares of the image. AutoAugment is defined on bytes of one or three channels:
            the normalised batch is turned back into them, exactly, and once per step the host waits for the device. No other
            augmentation waits. `kd augment` ranks the augmentations for a teacher before any of them is trained with.
            """,
        Task = ImageClassification.KindName,
        Settings =
        [
            MethodSetting.Choice(
                "augmentation",
                [
                    BatchAugmentations.CutMix,
                    .. BatchAugmentations.Names.Where(name => name != BatchAugmentations.CutMix),
                ],
                "how the second half of the step is changed"),
            MethodSetting.Temperature(4),
            MethodSetting.Weight("kd-weight", 0.9, "w: factor of the divergence on the batch"),
            MethodSetting.Weight("augmented-weight", 0.9, "w': factor of the divergence on the changed batch"),
        ],
        LabelWeight = static (_, _) => 0.1,
        Contract = static settings =>
        [
            new(
                "kd", "Σ_n Σ_k p_t (log p_t − log p_s) on the batch, p = softmax(z / T)", "B", 2, settings.ToWords("kd-weight"),
                "w T (p_s − p_t) / B", "z_t"),
            new(
                "augmented", $"Σ_n Σ_k p_t (log p_t − log p_s) on the batch changed by {settings.Text("augmentation")}", "B", 2,
                settings.ToWords("augmented-weight"), "w' T (p_s − p_t) / B", "z_t, the images"),
        ],
        Create = Create,
    };

    private static AugmentedKdMethod Create(MethodContext context)
    {
        try
        {
            return new AugmentedKdMethod(
                context.Settings,
                AugmentedHalf.Named(context.Settings.Text("augmentation"), ((ImageClassification)context.Task).Statistics));
        }
        catch (ArgumentException error)
        {
            throw context.Refuse(error.Message, "augmentation");
        }
    }
}
