using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Methods.Logits;

/// <summary>Hinton's distillation; the labels' part comes from the same read of the logits.</summary>
internal class KdMethod(MethodSettings settings) : DistillationMethod
{
    public static MethodDefinition Definition { get; } = new()
    {
        Name = "kd",
        Summary = "(1 − alpha) CE + alpha T² KL(teacher ‖ student)",
        Paper = "Hinton, Vinyals and Dean 2015, Distilling the Knowledge in a Neural Network, section 2",
        Description =
            """
            With logits z_s, z_t of shape `[N, K]` and p^T = softmax(z / T):

            `L = (1 − α) CE(z_s, y) + α T² KL(p_t^T ‖ p_s^T)`, both means over the N rows of the batch.

            T may be infinite: the term is then logit matching, `(1/2K) Σ (Δ − mean Δ)²` per row with Δ = z_s − z_t. One kernel
            reads both logits once and gives the loss, the cross-entropy, accuracy and agreement.

            Other code divides by N·K instead of N (the default mean of `KLDivLoss`: 10 times less for ten classes), leaves T²
            out, or exchanges the roles of α. What is divided by what stands in the table below.
            """,
        Settings = KdSettings,
        LabelWeight = static (settings, epoch) => 1 - settings.Scheduled("alpha").At(epoch),
        Contract = Contract,
        Create = static context => new KdMethod(context.Settings),
    };

    protected static IReadOnlyList<MethodSetting> KdSettings =>
    [
        MethodSetting.Temperature(4),
        MethodSetting.Scheduled(
            "alpha", 0.9, number => number is >= 0 and <= 1, "a weight in [0, 1]",
            "α: weight of the distillation term; the labels get 1 − α"),
    ];

    public override IReadOnlyList<LossTerm> Terms(MethodStep step) =>
        [TemperedTerms.WithLabels(
            step, "kl", settings.Scheduled("temperature").At(step.Epoch), settings.Scheduled("alpha").At(step.Epoch))];

    protected static IReadOnlyList<TermContract> Contract(MethodSettings settings) =>
    [
        new(
            "kl", "Σ_n Σ_k p_t (log p_t − log p_s), p = softmax(z / T)", "N", 2, settings.ToWords("alpha"),
            "α T (p_s − p_t) / N", "z_t"),
    ];
}
