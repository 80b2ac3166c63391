using KdKernels.Core;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Features;

/// <summary>Attention transfer on activations.</summary>
internal sealed class AttentionMethod : DistillationMethod
{
    private const string Code = "code";
    private const string Paper = "paper";

    private readonly IReadOnlyList<LayerPair> pairs;
    private readonly MethodSettings settings;
    private readonly bool paper;
    private readonly int power;

    private AttentionMethod(MethodContext context)
    {
        settings = context.Settings;
        pairs = FeatureLayers.Maps(context);
        paper = settings.Text("form") == Paper;
        power = settings.Whole("power");
        if (power == 3)
        {
            throw context.Refuse("expected a power of 1, 2 or 4 but got 3", "power");
        }
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "attention",
        Summary = "squared distance of the normalised attention maps of pairs of layers",
        Paper = "Zagoruyko and Komodakis 2017, Paying More Attention to Attention, section 3.1",
        Description =
            """
            For features F of shape `[B, C, H, W]` the attention map of one image is `Q_j = Σ_c |F_cj|^p`, H·W numbers, and
            `q = Q / max(‖Q‖₂, 1e-12)`. Teacher and student may differ in channels. Where they differ in height or width, the
            features of the larger one (not its map, which gives something else) are first brought to the smaller of each by
            adaptive average pooling.

            `form: code`, what the authors' code minimises: `Σ_pairs (1 / (B·H·W)) Σ_n Σ_j (q_s − q_t)²`, times the weight.
            One image's squared distance, which is 2 − 2⟨q_s, q_t⟩, thus counts weight / (H·W): with 1000, 15.6 on maps of 8x8, 3.9 on
            16x16 and 1.0 on 32x32, so that late stages count most.

            `form: paper`, equation 2: `Σ_pairs (β / 2)(1 / B) Σ_n ‖q_s − q_t‖₂`, where β is the weight divided by the H·W
            of the pair's maps, as section 4.1 says: the same default serves both forms. Equal maps have gradient 0.

            The default weight of 1000 is the authors' and RepDistiller's.

            Defects elsewhere: RepDistiller and mdistiller compare heights alone when they decide whether to pool; KD_Lib never sums over
            channels, so that it normalises all C·H·W activations; the authors' code has one form and their paper the other.
            Between networks of different families the method is known to hurt (RepDistiller reports a loss of about 6 % for ResNet-50 to
            MobileNetV2 on CIFAR-100).
            """,
        Settings =
        [
            MethodSetting.Weight("weight", 1000, "factor of the term before the division by B·H·W; β·H·W in the paper's form"),
            MethodSetting.Choice("form", [Code, Paper], "squared distances as in the authors' code, or norms as in the paper"),
            MethodSetting.Whole("power", 2, 1, "p of |F|^p: 1, 2 or 4", 4),
            .. FeatureLayers.Settings,
        ],
        Teacher = TeacherNeed.AnyClasses,
        Contract = static settings =>
        [
            settings.Text("form") == Paper
                ? new(
                    "attention", "Σ_pairs ½ Σ_n ‖q_s − q_t‖₂ / (H·W), q = Q / ‖Q‖₂, Q_j = Σ_c |F_cj|^p", "B", 0,
                    settings.ToWords("weight"), "weight p |F|^(p−1) sign F ⊙ P(q_s − q_t) / (2 B·H·W ‖q_s − q_t‖₂ ‖Q_s‖₂), P = 1 − q_s q_sᵀ",
                    "F_t")
                : new(
                    "attention", "Σ_pairs Σ_n Σ_j (q_s − q_t)², q = Q / ‖Q‖₂, Q_j = Σ_c |F_cj|^p", "B·H·W of each pair", 0,
                    settings.ToWords("weight"), "2 weight p |F|^(p−1) sign F ⊙ (q_s⟨q_s, q_t⟩ − q_t) / (B·H·W ‖Q_s‖₂)", "F_t"),
        ],
        Create = static context => new AttentionMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps => [.. pairs.Select(pair => pair.Student)];

    public override IReadOnlyList<string> TeacherTaps => [.. pairs.Select(pair => pair.Teacher)];

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        Tensor sum = pairs.Select(pair => Of(pair, step)).Aggregate((left, right) => left + right);
        return [new LossTerm("attention", sum, settings.Scheduled("weight").At(step.Epoch))];
    }

    private Tensor Of(LayerPair pair, MethodStep step)
    {
        Tensor student = step.Student.Tap(pair.Student), teacher = step.Teacher.Tap(pair.Teacher);
        double pixels = (double)Math.Min(pair.StudentShape[1], pair.TeacherShape[1])
            * Math.Min(pair.StudentShape[2], pair.TeacherShape[2]);
        (AttentionOptions options, KdReduction reduction) = paper
            ? (new AttentionOptions(AttentionForm.Paper, power, Beta: 1 / pixels), KdReduction.BatchMean)
            : (new AttentionOptions(AttentionForm.Code, power), KdReduction.Mean);
        return step.Fused
            ? KdFunctional.AttentionSquared(student, teacher, reduction, options)
            : AttentionSquaredComposed.Loss(student, teacher, options, reduction);
    }
}
