using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Logits;

/// <summary>Regression on logits.</summary>
internal sealed class LogitsMethod(MethodSettings settings) : DistillationMethod
{
    public static MethodDefinition Definition { get; } = new()
    {
        Name = "logits",
        Summary = "½‖z_s − z_t‖² on the logits themselves",
        Paper = "Ba and Caruana 2014, Do Deep Nets Really Need to be Deep?, section 2.3",
        Description =
            """
            `L = labels · CE + weight · (1/N) Σ_n ½‖z_s − z_t‖²` with logits of shape `[N, K]`.

            The paper trains on this term alone (`labels` is 0 unless the recipe states it). It is the limit of distillation
            at T → ∞, where a weight of 1/K gives the same gradient, but for one thing: the limit is blind to a shift of all logits of
            a row, this term is not. The default weight is that of ten classes; at 1 the usual learning rates diverge.

            Code that takes the mean over N·K gets a K/2 times smaller gradient from the same weight.
            """,
        Settings = [MethodSetting.Weight("weight", 0.1, "factor of the term")],
        LabelWeight = static (_, _) => 0,
        Contract = static settings =>
        [
            new("logits", "Σ_n ½ Σ_k (z_s − z_t)²", "N", 0, settings.ToWords("weight"), "weight (z_s − z_t) / N", "z_t"),
        ],
        Create = static context => new LogitsMethod(context.Settings),
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        Tensor student = step.Task.ClassRows(step.Student.Output);
        Tensor teacher = step.Task.ClassRows(step.Teacher.Output);
        Tensor loss = step.Fused
            ? KdFunctional.LogitRegression(student, teacher, KdReduction.BatchMean)
            : (student - teacher).square().sum(1).mean() * 0.5;
        return [new LossTerm("logits", loss, settings.Scheduled("weight").At(step.Epoch))];
    }
}
