using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Features;

/// <summary>Variational information distillation.</summary>
internal sealed class VidMethod : DistillationMethod
{
    private const string LogitsKey = "logits";

    private readonly MethodSettings settings;
    private readonly bool logits;
    private readonly IReadOnlyList<LayerPair> pairs;
    private readonly VidParts parts;

    private VidMethod(MethodContext context)
    {
        settings = context.Settings;
        logits = settings.Flag(LogitsKey);
        if (logits)
        {
            pairs = [];
            parts = OfLogits(context, out string features);
            StudentTaps = [features];
            return;
        }

        pairs = FeatureLayers.StagesOrFeatures(context);
        StudentTaps = [.. pairs.Select(pair => pair.Student)];
        parts = new VidParts(
        [
            .. pairs.Select(pair => (
                VidParts.Regressor(pair.StudentShape, pair.TeacherShape, settings.Whole("hidden"))
                    ?? throw context.Refuse(
                        $"expected two maps, two vectors, or a vector and a map but got {FeatureLayers.Words(pair)}",
                        FeatureLayers.StudentKey),
                pair.TeacherShape[0])),
        ]);
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "vid",
        Summary = "log-likelihood of the teacher's features under a Gaussian around what the student predicts",
        Paper = "Ahn, Hu, Damianou, Lawrence and Dai 2019, Variational Information Distillation for Knowledge Transfer, section 2",
        Description =
            """
            `L = labels · CE + weight · Σ_pairs (1 / (B·C·H·W)) Σ ½ [(t − μ)² / v_c + log v_c]`

            with the teacher's features t `[B, C, H, W]`, the student's prediction μ of them, and one variance per channel
            `v_c = softplus(ρ_c) + 1e-5`, trained with the rest and starting from 5. The constant ½ log 2π is left out, so that
            the loss may be negative.

            μ from map to map: three 1x1 convolutions without bias, ReLU between, as RepDistiller; where sizes differ, the larger
            map is first brought to the smaller by adaptive average pooling. From a vector to a map, for an MLP taught by a
            convolutional network: a linear layer makes a map of at most a quarter of the size, transposed 4x4 convolutions double it,
            a 1x1 convolution ends it. From vector to vector: three linear layers. A network without stages takes part with
            its features before the classifier, and then the other one with its last stage.

            `logits: true` predicts the teacher's logits `[B, K]` instead, by one linear layer from the student's features,
            with a variance per class; the mean is over B·K, and teacher and student may have different classes.

            Defaults: weight 1, v = 5, ε = 1e-5 and hidden channels as many as the teacher's are RepDistiller's.

            Weight decay leaves ρ alone: ρ = 0 is no neutral value but the variance 0.69. Defects elsewhere: RepDistiller
            decays ρ with the weights and computes log(1 + e^ρ), which overflows; mdistiller keeps ρ where neither the optimiser nor
            checkpoints see it, so that variances stay at 5 and the method is a mean squared error divided by 10.
            """,
        Settings =
        [
            MethodSetting.Weight("weight", 1, "factor of the term"),
            MethodSetting.Whole("hidden", 0, 0, "channels inside of the regressors; 0: the teacher's layer's"),
            MethodSetting.Flag(LogitsKey, false, "predict the teacher's logits from the student's features instead of layers"),
            .. FeatureLayers.Settings,
        ],
        Teacher = TeacherNeed.AnyClasses,
        Contract = static settings =>
        [
            new(
                "vid", "Σ_pairs ½ Σ [(t − μ)² / v_c + log v_c], v = softplus(ρ) + ε",
                settings.Flag(LogitsKey) ? "B·K" : "B·C·H·W of each pair", 0, settings.ToWords("weight"),
                "weight (μ − t) / (v_c n) for μ; weight σ(ρ_c) ½ Σ_c [1 / v_c − (t − μ)² / v_c²] / n for ρ", "t"),
        ],
        Create = static context => new VidMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps { get; }

    public override IReadOnlyList<string> TeacherTaps => [.. pairs.Select(pair => pair.Teacher)];

    public override nn.Module Parts => parts;

    public override IReadOnlyList<Parameter> Undecayed => parts.Variances;

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        Tensor loss = logits
            ? parts.Loss(0, step.Student.Tap(StudentTaps[0]).flatten(1), step.Teacher.Output, step.Fused)
            : pairs.Select((pair, i) => parts.Loss(i, step.Student.Tap(pair.Student), step.Teacher.Tap(pair.Teacher), step.Fused))
                .Aggregate((left, right) => left + right);
        return [new LossTerm("vid", loss, settings.Scheduled("weight").At(step.Epoch))];
    }

    private static VidParts OfLogits(MethodContext context, out string features)
    {
        if (!context.Task.RowsAreItems)
        {
            throw context.Refuse(
                $"expected one row of logits per item but {context.Task.TrainName} has several: name layers instead", LogitsKey);
        }

        if (context.Settings.Names(FeatureLayers.StudentKey).Count + context.Settings.Names(FeatureLayers.TeacherKey).Count > 0)
        {
            throw context.Refuse("expected either layers or logits: true but got both", LogitsKey);
        }

        features = context.Student is ITappedModel tapped
            ? tapped.FeatureLayer
            : throw context.Refuse($"{context.StudentModel} does not say which layer has its features", LogitsKey);
        long inputs = context.StudentShape(features).Aggregate(1L, (product, size) => product * size);
        return new VidParts([(nn.Linear(inputs, context.Teacher.Classes), context.Teacher.Classes)]);
    }
}
