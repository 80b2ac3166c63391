using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Logits;

/// <summary>Regression on logits that a noisy teacher gives.</summary>
internal sealed class NoisyLogitsMethod(MethodSettings settings) : DistillationMethod
{
    public static MethodDefinition Definition { get; } = new()
    {
        Name = "noisy-logits",
        Summary = "½‖z_s − (1 + ξ) z_t‖², ξ ~ N(0, σ²) on a random part of the items",
        Paper = "Sau and Balasubramanian 2016, Deep Model Compression: Distilling Knowledge from Noisy Teachers, section 3",
        Description =
            """
            `L = labels · CE + weight · (1/N) Σ_n ½‖z_s − (1 + ξ) ⊙ z_t‖²` with logits of shape `[N, K]`. With probability α a row is
            one with noise: then ξ has K independent normal components of deviation σ; else it is 0.

            The noise of a row is a function of the seed, the step, the item's index and the class (Philox). It is never stored,
            does not depend on the batch around the item, and an interrupted training goes on with the same.

            In expectation the gradient is that of `logits`; the value has the constant `α σ² ½‖z_t‖²` more. All that the method
            does is noise in the gradient, in proportion to the logits. That would not be so for a divergence of softmaxes, whose
            expected gradient the noise changes: KD_Lib's NoisyTeacher compares `log softmax(z_s)` with
            `softmax` of the noisy logits by a squared error, which is another loss.

            As with `logits` the labels count nothing unless the recipe says so, and the weight is the one for ten classes.
            The defaults of σ and α are this library's, not the paper's.
            """,
        Settings =
        [
            MethodSetting.Scheduled(
                "sigma", 0.5, number => double.IsFinite(number) && number >= 0, "a number of at least 0",
                "σ: deviation of the noise, relative to the logit"),
            MethodSetting.Scheduled(
                "alpha", 0.5, number => number is >= 0 and <= 1, "a probability in [0, 1]",
                "α: the probability with which an item gets noise"),
            MethodSetting.Weight("weight", 0.1, "factor of the term"),
        ],
        LabelWeight = static (_, _) => 0,
        Contract = static settings =>
        [
            new(
                "logits", "Σ_n ½ Σ_k (z_s − (1 + ξ) z_t)²", "N", 0, settings.ToWords("weight"),
                "weight (z_s − (1 + ξ) z_t) / N", "z_t, ξ"),
        ],
        Create = static context => new NoisyLogitsMethod(context.Settings),
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        Tensor student = step.Task.ClassRows(step.Student.Output);
        Tensor teacher = step.Task.ClassRows(step.Teacher.Output);
        Tensor samples = Samples(step.Batch.Indices, student.shape[0]);
        double sigma = settings.Scheduled("sigma").At(step.Epoch);
        double alpha = settings.Scheduled("alpha").At(step.Epoch);
        Tensor loss = step.Fused
            ? KdFunctional.NoisyLogits(
                student, teacher, sigma, alpha, KdReduction.BatchMean, step.Seed, step.Step, samples)
            : NoisyLogitsComposed.Loss(
                student,
                teacher,
                new NoisyLogitsOptions(sigma, alpha, KdReduction.BatchMean) { Seed = step.Seed, Step = (uint)step.Step },
                samples);
        return [new LossTerm("logits", loss, settings.Scheduled("weight").At(step.Epoch))];
    }

    // Where an item has several rows (pixels, tokens), each has noise of its own.
    private static Tensor Samples(Tensor indices, long rows)
    {
        long perItem = rows / Math.Max(1, indices.shape[0]);
        return perItem <= 1
            ? indices
            : (indices.unsqueeze(1) * perItem + arange(perItem, ScalarType.Int64, indices.device)).flatten();
    }
}
