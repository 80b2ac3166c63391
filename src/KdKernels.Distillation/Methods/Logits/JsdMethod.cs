using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Logits;

/// <summary>Distillation by the generalised Jensen-Shannon divergence.</summary>
internal sealed class JsdMethod(MethodSettings settings) : DistillationMethod
{
    public static MethodDefinition Definition { get; } = new()
    {
        Name = "jsd",
        Summary = "(1 − alpha) CE + alpha T² JSD_beta(teacher, student)",
        Paper = "Agarwal et al. 2024, On-Policy Distillation of Language Models, section 3.1",
        Description =
            """
            With logits z_s, z_t of shape `[N, K]`, p = softmax(z_t / T), q = softmax(z_s / T) and the mixture m = β p + (1 − β) q:

            `L = (1 − α) CE(z_s, y) + α T² [β KL(p ‖ m) + (1 − β) KL(q ‖ m)]`, means over N.

            It is bounded where the divergence of `kd` is not, so that a class that the student has given up costs a finite amount.
            For a student near its teacher it is β (1 − β) times that of `kd`, a quarter at β = ½: with the same α the
            labels weigh more. Towards β = 0 the shape is that of KL(p ‖ q), towards 1 that of KL(q ‖ p), but both ends
            themselves are 0 and therefore refused.

            α, T² and the weight 1 − α of the labels are as in `kd`, so that one can be exchanged for the other; the paper, on
            text, has neither labels nor a temperature (T = 1, α = 1). Liger and TRL treat β = 0 and 1 as special cases and mean
            the one or the other divergence. The mixture is formed in the log domain: log(β p + (1 − β) q) is log 0 where
            both underflow, and NaN behind that.
            """,
        Settings =
        [
            MethodSetting.Temperature(4),
            MethodSetting.Scheduled(
                "beta", 0.5, number => number is > 0 and < 1, "a share between 0 and 1, both excluded",
                "β: the teacher's share of the mixture"),
            MethodSetting.Scheduled(
                "alpha", 0.9, number => number is >= 0 and <= 1, "a weight in [0, 1]",
                "α: weight of the distillation term; the labels get 1 − α"),
        ],
        LabelWeight = static (settings, epoch) => 1 - settings.Scheduled("alpha").At(epoch),
        Contract = static settings =>
        [
            new(
                "jsd", "Σ_n β KL(p ‖ m) + (1 − β) KL(q ‖ m), m = β p + (1 − β) q", "N", 2, settings.ToWords("alpha"),
                "α T (d − q Σ d) / N, d = (1 − β) q (log q − log m)", "z_t"),
        ],
        Create = static context => new JsdMethod(context.Settings),
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        Tensor student = step.Task.ClassRows(step.Student.Output);
        Tensor teacher = step.Task.ClassRows(step.Teacher.Output);
        double temperature = settings.Scheduled("temperature").At(step.Epoch);
        double beta = settings.Scheduled("beta").At(step.Epoch);
        Tensor loss = step.Fused
            ? KdFunctional.Jsd(student, teacher, temperature, beta, KdReduction.BatchMean)
            : JsdComposed.Loss(student, teacher, new JsdOptions(temperature, beta, KdReduction.BatchMean));
        return [new LossTerm("jsd", loss, settings.Scheduled("alpha").At(step.Epoch))];
    }
}
