using KdKernels.Distillation.Methods.Logits;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Features;

/// <summary>Hints from the middle of the teacher, then distillation.</summary>
internal sealed class FitnetMethod : DistillationMethod
{
    private const string HintKey = "hint-layer";
    private const string GuidedKey = "guided-layer";

    private readonly MethodSettings settings;
    private readonly bool singleStage;
    private readonly string hint;
    private readonly string guided;
    private readonly HintRegressor regressor;

    private FitnetMethod(MethodContext context)
    {
        settings = context.Settings;
        singleStage = settings.Flag("single-stage");
        hint = Layer(context, HintKey, ofTeacher: true);
        guided = Layer(context, GuidedKey, ofTeacher: false);
        (long[] own, long[] other) = (context.StudentShape(guided), context.TeacherShape(hint));
        if (!HintRegressor.Fits(own, other))
        {
            throw context.Refuse(
                "expected a map that is larger or smaller than the other in both directions but got "
                + FeatureLayers.Words(new LayerPair(guided, own, hint, other)),
                GuidedKey);
        }

        regressor = new HintRegressor(own, other);
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "fitnet",
        Summary = "first a hint ½‖u − r(v)‖² from the teacher's middle, then labels and λ T² KL",
        Paper = "Romero et al. 2015, FitNets: Hints for Thin Deep Nets, sections 2.2 and 2.3",
        Description =
            """
            First stage, `first-stage-epochs` long, without labels: `weight · (1/(B·H·W)) Σ_n Σ_pixels ½ Σ_c (u − r(v))²` with the
            hint u `[B, C, H, W]`, a layer of the teacher, and the regressor r of the student's guided layer v. The sum over channels and the
            mean over batch and pixels are the original code's. r is one convolution, sized so that heights and widths agree: 3x3 with stride
            2 or transposed 4x4 with stride 2 where they are 2 to 1, else with a kernel of the difference plus 1, transposed where the student's
            map is the smaller one; a linear layer where one of them is a vector. Nothing of the student above the guided layer
            gets a gradient.

            Second stage, as long as the student's training, from those weights and without the hint:
            `labels · CE + λ T² KL(p_t^T ‖ p_s^T)`, means over the batch, with λ falling from 4 to 1 and T = 3.
            The paper writes λ · CE(p_t^T, p_s^T), which is λ KL plus what does not depend on the student: its gradient is
            λ (p_s − p_t) / T per logit, that of the term here λ T (p_s − p_t), T² = 9 times as much. The paper's own mixture is
            `lambda: {from: 0.444, to: 0.111, epochs: ...}`.

            `single-stage: true` is what RepDistiller and mdistiller do: one training on `CE + single-stage-weight · (1/(B·C·H·W)) Σ (u − r(v))²`,
            without the KL; add `kd` to the methods for that.

            Left empty, both layers are the middle stage (of two, the second), or the features of a network without stages.
            λ, T and the form of the first stage are the paper's (λ falls between its epochs 5 and 400; here over the 10 epochs of the default
            training, so state `epochs` with another length); the single stage's weight of 100 is RepDistiller's.

            Defects elsewhere: both of those libraries end r in batch norm and ReLU, which cannot match hints below zero, and have no first stage.
            """,
        Settings =
        [
            MethodSetting.Weight("weight", 1, "factor of the hint in the first stage"),
            MethodSetting.Whole("first-stage-epochs", 5, 1, "epochs of the first stage, which sees no labels"),
            MethodSetting.Weight(
                "lambda", new ScheduledValue(4, 1, 10, RampKind.Linear), "λ: factor of T² KL in the second stage"),
            MethodSetting.Temperature(3),
            MethodSetting.Text(HintKey, "", "a layer of the teacher", "the teacher's layer; empty: its middle stage"),
            MethodSetting.Text(GuidedKey, "", "a layer of the student", "the student's layer; empty: its middle stage"),
            MethodSetting.Flag("single-stage", false, "one training on the labels and the hint together, instead of two stages"),
            MethodSetting.Weight("single-stage-weight", 100, "factor of the hint in a single stage, a mean over all elements"),
        ],
        FirstStageEpochs = static settings => settings.Flag("single-stage") ? 0 : settings.Whole("first-stage-epochs"),
        Contract = Contract,
        Create = static context => new FitnetMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps => [guided];

    public override IReadOnlyList<string> TeacherTaps => [hint];

    public override nn.Module Parts => regressor;

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        if (singleStage)
        {
            return [new LossTerm("hint", Hint(step, KdReduction.Mean), settings.Scheduled("single-stage-weight").At(step.Epoch))];
        }

        return
        [
            step.FirstStage
                ? new LossTerm("hint", Hint(step, KdReduction.BatchMean), settings.Scheduled("weight").At(step.Epoch))
                : TemperedTerms.WithLabels(
                    step, "kl", settings.Scheduled("temperature").At(step.Epoch), settings.Scheduled("lambda").At(step.Epoch)),
        ];
    }

    private static IReadOnlyList<TermContract> Contract(MethodSettings settings) => settings.Flag("single-stage")
        ?
        [
            new(
                "hint", "Σ_n Σ_pixels Σ_c (r(v) − u)²", "B·C·H·W", 0, settings.ToWords("single-stage-weight"),
                "2 weight (r(v) − u) / (B·C·H·W) for r(v)", "u"),
        ]
        :
        [
            new(
                "hint", "Σ_n Σ_pixels ½ Σ_c (r(v) − u)²", "B·H·W", 0, $"{settings.ToWords("weight")} in the first stage, then 0",
                "weight (r(v) − u) / (B·H·W) for r(v)", "u"),
            new(
                "kl", "Σ_n Σ_k p_t (log p_t − log p_s), p = softmax(z / T)", "N", 2, $"{settings.ToWords("lambda")} in the second stage",
                "λ T (p_s − p_t) / N", "z_t"),
        ];

    // Rows are pixels: the sum over channels is halved and averaged over them in two stages, the mean of all squares is RepDistiller's.
    private Tensor Hint(MethodStep step, KdReduction reduction)
    {
        Tensor target = step.Teacher.Tap(hint);
        Tensor prediction = regressor.call(step.Student.Tap(guided));
        bool half = reduction == KdReduction.BatchMean;
        if (step.Fused)
        {
            return KdFunctional.LogitRegression(prediction, target, reduction, half, dim: 1);
        }

        Tensor squares = (prediction - target).square();
        return half ? squares.sum(1).mean() * 0.5 : squares.mean();
    }

    private static string Layer(MethodContext context, string key, bool ofTeacher)
    {
        nn.Module network = ofTeacher ? context.Teacher.Network : context.Student;
        return context.Settings.Text(key) is "" && network is ITappedModel { StageLayers: { Count: > 0 } stages }
            ? stages[stages.Count / 2]
            : context.LayerOrFeatures(key, ofTeacher);
    }
}
