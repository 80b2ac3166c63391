using KdKernels.Core;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Features;

/// <summary>The flow of the solution procedure.</summary>
internal sealed class FspMethod : DistillationMethod
{
    private readonly MethodSettings settings;
    private readonly IReadOnlyList<LayerPair> layers;
    private readonly FspOptions options;
    private readonly bool singleStage;

    private FspMethod(MethodContext context)
    {
        settings = context.Settings;
        singleStage = settings.Flag("single-stage");
        options = new FspOptions(
            FspForm.Paper, settings.Text("pooling") == "max" ? FspPooling.Max : FspPooling.Average);
        layers = FeatureLayers.Maps(context);
        if (layers.Count < 2)
        {
            throw context.Refuse(
                $"expected two layers of each network at least, a flow goes from one to the next, but got {layers.Count}",
                FeatureLayers.StudentKey);
        }

        foreach (LayerPair pair in layers)
        {
            if (pair.StudentShape[0] != pair.TeacherShape[0])
            {
                throw context.Refuse(
                    $"expected layers of as many channels, FSP compares channel by channel, but got {FeatureLayers.Words(pair)}",
                    FeatureLayers.TeacherKey);
            }
        }
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "fsp",
        Summary = "first the teacher's flows between stages ‖G_s − G_t‖², then the labels alone",
        Paper = "Yim, Joo, Bae and Kim 2017, A Gift from Knowledge Distillation, sections 3.1 to 3.4",
        Description =
            """
            The flow from one layer F1 `[B, C1, H, W]` to a later one F2 `[B, C2, H, W]` is the matrix
            `G = (1/(H·W)) Σ_j F1_j F2_jᵀ` `[B, C1, C2]`; where the layers of one network differ in size, the larger one is brought to
            the smaller by max pooling (the paper's) or average pooling (RepDistiller's). Layer i and layer i + 1 of each
            network make flow i.

            First stage, `first-stage-epochs` long, without labels: `weight · (1/B) Σ_flows Σ_n ‖G_s − G_t‖_F²`. Nothing above
            the last layer gets a gradient. Second stage, as long as the student's training: plain cross-entropy
            from those weights, and no term. With `single-stage: true` there is one training on the labels plus the term.

            Teacher and student must have the same channels layer by layer; spatial sizes may differ between them.

            The gradient grows with the third power of the features, and the sum is over all C1·C2 products: with a weight of 1 the first stage
            diverges at the usual learning rates, 0.05 for example. The default of 0.01 is this project's.
            Max pooling and the same λ for every flow are the paper's. RepDistiller's first stage has 30 epochs besides the 240 of
            the second; the default of 5 goes with this project's default training of 10 epochs.

            Defects elsewhere: RepDistiller's documented weight (-b 50) does nothing for this method, since its first
            stage ignores it and the second has no such term; it also divides by C1·C2, and torchdistill sums the norms of
            columns, not their squares. Both multiply by broadcasting, where one product of matrices is enough.
            """,
        Settings =
        [
            MethodSetting.Weight("weight", 0.01, "λ: factor of the term, the same for every flow"),
            MethodSetting.Whole("first-stage-epochs", 5, 1, "epochs of the first stage, which sees no labels"),
            MethodSetting.Flag("single-stage", false, "one training on the labels and the term together, instead of two stages"),
            MethodSetting.Choice("pooling", ["max", "average"], "how the larger layer of a flow is brought to the size of the smaller"),
            .. FeatureLayers.Settings,
        ],
        Teacher = TeacherNeed.AnyClasses,
        FirstStageEpochs = static settings => settings.Flag("single-stage") ? 0 : settings.Whole("first-stage-epochs"),
        Contract = static settings =>
        [
            new(
                "fsp", "Σ_flows Σ_n Σ_ij (G_s − G_t)²_ij, G = (1/(H·W)) F1 F2ᵀ", "B", 0,
                settings.Flag("single-stage") ? settings.ToWords("weight") : $"{settings.ToWords("weight")} in the first stage, then none",
                "2 weight (G_s − G_t) F2 / (B·H·W) for F1, its transpose with F1 for F2", "F_t"),
        ],
        Create = static context => new FspMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps => [.. layers.Select(pair => pair.Student)];

    public override IReadOnlyList<string> TeacherTaps => [.. layers.Select(pair => pair.Teacher)];

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        if (!singleStage && !step.FirstStage)
        {
            return [];
        }

        FspPair[] flows =
        [
            .. layers.Zip(layers.Skip(1), (from, to) => new FspPair(
                step.Student.Tap(from.Student),
                step.Student.Tap(to.Student),
                step.Teacher.Tap(from.Teacher),
                step.Teacher.Tap(to.Teacher))),
        ];
        Tensor loss = step.Fused
            ? KdFunctional.FspLoss(flows, KdReduction.BatchMean, options)
            : flows.Select(flow => FspGramComposed.Loss(
                    flow.Student1, flow.Student2, flow.Teacher1, flow.Teacher2, options, KdReduction.BatchMean))
                .Aggregate((left, right) => left + right);
        return [new LossTerm("fsp", loss, settings.Scheduled("weight").At(step.Epoch))];
    }
}
