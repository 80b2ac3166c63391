using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

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
        [Term(step, settings.Scheduled("temperature").At(step.Epoch), settings.Scheduled("alpha").At(step.Epoch))];

    /// <summary><c>weight · T² KL</c>, with the labels' part where one read gives both.</summary>
    internal static LossTerm Term(MethodStep step, double temperature, double weight)
    {
        Tensor student = step.Task.ClassRows(step.Student.Output);
        Tensor teacher = step.Task.ClassRows(step.Teacher.Output);
        double labels = step.Fused && step.LabelWeight > 0 && step.Task.HasRowLabels ? step.TakeLabels() : 0;
        if (labels > 0)
        {
            // One read for both: the op mixes with weights that add up to 1.
            double sum = labels + weight;
            HintonLossResult result = KdFunctional.HintonLoss(
                student, teacher, step.Task.LabelRows(step.Batch.Labels), temperature, weight / sum, KdReduction.BatchMean);
            step.CrossEntropy = result.CrossEntropy;
            if (step.Task.RowsAreItems)
            {
                step.Hits = result.Top1Hits;
                step.Agreements = result.Agreement;
            }

            return new LossTerm("kl", result.Kl, weight, sum == 1 ? result.Loss : result.Loss * sum);
        }

        Tensor divergence = step.Fused
            ? KdFunctional.TemperedKl(student, teacher, temperature, KdReduction.BatchMean)
            : TemperedKlComposed.Loss(student, teacher, new TemperedKlOptions(temperature, KdReduction.BatchMean));
        return new LossTerm("kl", divergence, weight);
    }

    protected static IReadOnlyList<TermContract> Contract(MethodSettings settings) =>
    [
        new(
            "kl", "Σ_n Σ_k p_t (log p_t − log p_s), p = softmax(z / T)", "N", 2, settings.ToWords("alpha"),
            "α T (p_s − p_t) / N", "z_t"),
    ];
}
