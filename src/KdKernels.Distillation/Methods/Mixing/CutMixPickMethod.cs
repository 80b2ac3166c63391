using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Mixing;

/// <summary>Distillation on the batch and on those mixtures of it that are hardest to tell.</summary>
internal sealed class CutMixPickMethod(MethodSettings settings) : PairedMethod(
    settings,
    "mixed",
    new AugmentedHalf(Picker(settings), string.Equals(settings.Text("picker"), Teacher, StringComparison.Ordinal)))
{
    private const string Teacher = "teacher";
    private const string Student = "student";

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "cutmix-pick",
        Summary = "0.1 CE + 0.9 (kd on the batch + kd on the CutMix images of highest entropy)",
        Paper = "Wang, Lohit, Jones and Fu 2022, What Makes a \"Good\" Data Augmentation in Knowledge Distillation, section 4",
        Description =
            """
            The batch of B images is mixed `runs` times by CutMix: λ ~ Beta(1, 1), one box per batch, partners by a permutation without
            a fixed point. Of the pool of runs · B mixtures those `pick` with the largest entropy `H = −Σ p log p`, p = softmax(z) at
            T = 1 of the teacher (or the student), are kept:

            `L = labels · CE(z_s, y) + w T² KL(p_t ‖ p_s) on the B images + w' T² KL(p_t ‖ p_s) on the picked ones`,

            each a mean over its own rows; the labels' weight is 0.1, w = w' = 0.9, T = 4. The mixtures have no labels: the teacher,
            evaluated on the mixed image, says what they are, so that λ is not needed. The student runs a second time, in training
            mode, on the picked ones only. A batch of one image has no partner and is its own mixture.

            Entropy is the authors' criterion for the figures that they publish with teacher or student as picker; their code's
            own default is the divergence at T = 4. The picker's pass is in evaluation mode. Theirs runs the student in training mode and
            so counts the pool twice into the running statistics of its batch norms; computes `−p log p` as it stands, NaN where a
            probability underflows; picks 64 whatever the batch; and draws permutations on the device until one fits, waiting for each
            and for ever with a single image. With the teacher as picker its logits on the pool are those of the picked ones,
            so that it does not run on them again. Choice and gathering are done on the device; nothing waits.
            """,
        Task = ImageClassification.KindName,
        Settings =
        [
            MethodSetting.Temperature(4),
            MethodSetting.Weight("kd-weight", 0.9, "w: factor of the divergence on the batch"),
            MethodSetting.Weight("mixed-weight", 0.9, "w': factor of the divergence on the picked mixtures"),
            MethodSetting.Choice("picker", [Teacher, Student], "whose entropy decides"),
            MethodSetting.Whole("runs", 2, 1, "how many times the batch is mixed", most: 64),
            MethodSetting.Real(
                "pick", 0, number => number is >= 0 and < 1 || (number >= 1 && number == Math.Floor(number) && number < 1e9),
                "a share of the pool below 1, a whole number, or 0",
                "how many mixtures are kept: a share of the pool, a number, or 0 for as many as the batch has images"),
        ],
        LabelWeight = static (_, _) => 0.1,
        Contract = static settings =>
        [
            new(
                "kd", "Σ_n Σ_k p_t (log p_t − log p_s) on the batch, p = softmax(z / T)", "B", 2, settings.ToWords("kd-weight"),
                "w T (p_s − p_t) / B", "z_t"),
            new(
                "mixed", "Σ_n Σ_k p_t (log p_t − log p_s) on the picked mixtures", "picked images", 2,
                settings.ToWords("mixed-weight"), "w' T (p_s − p_t) / picked", "z_t, the choice"),
        ],
        Create = static context => new CutMixPickMethod(context.Settings),
    };

    /// <summary>All mixtures, run after run.</summary>
    internal Tensor Pool(MethodStep step) => Picker(Settings).Pool(step.Batch.Inputs, Key(step));

    private static MixturePicker Picker(MethodSettings settings) => new(settings.Whole("runs"), settings.Real("pick"));
}
