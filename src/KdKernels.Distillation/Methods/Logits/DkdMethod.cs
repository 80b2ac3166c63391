using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Logits;

/// <summary>The divergence split into the label against the rest, and the rest.</summary>
internal sealed class DkdMethod(MethodSettings settings) : DistillationMethod
{
    public static MethodDefinition Definition { get; } = new()
    {
        Name = "dkd",
        Summary = "CE + T² (alpha KL(label against the rest) + beta KL(within the rest))",
        Paper = "Zhao, Cui, Song, Qiu and Liang 2022, Decoupled Knowledge Distillation, section 3",
        Description =
            """
            With logits of shape `[N, K]`, label y and p = softmax(z / T): b = (p_y, 1 − p_y) is the label against the rest, p̂ the
            softmax over the K − 1 other classes.

            `L = CE(z_s, y) + weight · T² [α KL(b_t ‖ b_s) + β KL(p̂_t ‖ p̂_s)]`, means over N.

            Ordinary distillation is the same with α = 1 and β = 1 − p_y of the teacher, row by row: a confident teacher
            hardly teaches the rest. With two classes nothing is left of the second part.

            α = 1, β = 8, T = 4 and a label weight of 1 are the authors' defaults; for CIFAR-100 their β depends on the pair (2 for
            ResNet-56 to ResNet-20, 8 for ResNet-32x4 to ResNet-8x4). They raise the weight from 0 to 1 over the first 20 epochs.
            Here it is constant unless the recipe has a ramp: `weight: {from: 0, to: 1, epochs: 20}`. Without one, β = 8 may need a
            smaller learning rate.

            The authors' code hides the label by subtracting 1000 from its logit, which float16 does not have room for, and takes
            the logarithm of a sum of probabilities, which may be 0. Here the label is left out, in the log domain.
            """,
        Settings =
        [
            MethodSetting.Scheduled(
                "temperature", 4, number => double.IsFinite(number) && number > 0, "a finite temperature above 0",
                "T: both networks' logits are divided by it; T² keeps the gradient's size"),
            MethodSetting.Weight("alpha", 1, "α: weight of the label against the rest"),
            MethodSetting.Weight("beta", 8, "β: weight of the divergence within the rest"),
            MethodSetting.Weight("weight", 1, "factor of both; the authors' code raises it from 0 over 20 epochs"),
        ],
        Contract = static settings =>
        [
            new(
                "dkd", "Σ_n α KL(b_t ‖ b_s) + β KL(p̂_t ‖ p̂_s), p = softmax(z / T)", "N", 2, settings.ToWords("weight"),
                "weight T (α g + β ĝ) / N; g = p_s,y − p_t,y at the label and −(p_s,y − p_t,y) p̂_s elsewhere, "
                + "ĝ = p̂_s − p̂_t off the label",
                "z_t"),
        ],
        Create = static context => context.Task.HasRowLabels
            ? new DkdMethod(context.Settings)
            : throw context.Refuse(
                $"dkd sets each row's label apart: expected a task with one label per row but got {context.Task.Kind}"),
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        Tensor student = step.Task.ClassRows(step.Student.Output);
        Tensor teacher = step.Task.ClassRows(step.Teacher.Output);
        Tensor labels = step.Task.LabelRows(step.Batch.Labels);
        double temperature = settings.Scheduled("temperature").At(step.Epoch);
        double alpha = settings.Scheduled("alpha").At(step.Epoch);
        double beta = settings.Scheduled("beta").At(step.Epoch);
        Tensor loss = step.Fused
            ? KdFunctional.DecoupledKd(student, teacher, labels, alpha, beta, temperature, KdReduction.BatchMean)
            : DecoupledKdComposed.Loss(
                student,
                teacher,
                new DecoupledKdOptions(alpha, beta, temperature, KdReduction.BatchMean) { Labels = labels });
        return [new LossTerm("dkd", loss, settings.Scheduled("weight").At(step.Epoch))];
    }
}
