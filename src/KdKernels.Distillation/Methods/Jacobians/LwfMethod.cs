using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>Learning without forgetting: beside its own classes the student keeps the teacher's, taught on the data at hand.</summary>
internal sealed class LwfMethod : DistillationMethod
{
    private readonly MethodContext context;
    private readonly MethodSettings settings;
    private readonly string features;
    private readonly Linear head;

    private LwfMethod(MethodContext context, string features, long width)
    {
        this.context = context;
        settings = context.Settings;
        this.features = features;
        head = nn.Linear(width, context.Teacher.Classes);
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "lwf",
        Summary = "a second head of the student learns the teacher's classes on the student's data",
        Paper = "Li and Hoiem 2016, Learning without Forgetting, section 3; Srinivas and Fleuret 2018, Knowledge Transfer with Jacobian Matching, section 4",
        Description =
            """
            The student has its own classes, learned from labels, and a second head W h + b on its features h `[N, D]`, with the teacher's K' classes,
            which need not be the student's. The teacher looks at the student's ("target") data; its own ("source") data is not needed:

            `L = CE(z_s, y) + weight · T² KL(p_t^T ‖ p_head^T)`, the mean over N, p^T = softmax(z / T) over K'.

            T = 2 and weight 1 are Li and Hoiem's. Their term is the cross-entropy of the tempered probabilities without T²; the KL differs from it by the teacher's
            entropy, a constant, and T² makes the gradient four times as large at T = 2. The head trains with the student and
            stays in the checkpoint's parts as `lwf`.

            `noise` σ enlarges the target set: with x + ξ, ξ ~ N(0, σ² I), the term is the mean over the N images and their N noisy copies. The copies go
            through the student in evaluation mode, so that running statistics are those of the images.

            After the training the student's result says what this can be worth, by the bound
            `mean_src ρ ≤ max_tgt ρ + K · H`: ρ(x) = ‖z_head − z_t‖ of the logits at x, H = sup over source items of the distance to the nearest target item
            (one-sided Hausdorff distance, on normalised images; noise would only make it smaller), K the largest |ρ(x) − ρ(x')| / ‖x − x'‖ over
            nearby pairs, a lower estimate of ρ's Lipschitz constant. Source items are the teacher's training items; `bound-items` of
            each set are looked at. Where teacher and student learn from the same items H is 0.
            """,
        Settings =
        [
            MethodSetting.Temperature(2),
            MethodSetting.Weight("weight", 1, "λ: factor of the term"),
            MethodSetting.Text("features", "", "a layer of the student, or nothing", "the student's layer with the features h; empty: what its classifier sees"),
            MethodSetting.Real(
                "noise", 0, number => number >= 0 && double.IsFinite(number), "a deviation of at least 0",
                "σ: deviation of the noise on copies of the images; 0 has none"),
            MethodSetting.Whole("bound-items", 500, 0, "items of each set that the bound is estimated on; 0 leaves it out"),
        ],
        Teacher = TeacherNeed.AnyClasses,
        Task = ImageClassification.KindName,
        Contract = static settings =>
        [
            new(
                "kl", "Σ_n Σ_k' p_t (log p_t − log p_head), p = softmax(z / T)", "N", 2,
                settings.Real("noise") > 0 ? $"half of {settings.ToWords("weight")}" : settings.ToWords("weight"),
                "weight T (p_head − p_t) / N", "z_t"),
            .. settings.Real("noise") > 0
                ? new TermContract[]
                {
                    new(
                        "noisy-kl", "the same at x + ξ, ξ ~ N(0, σ² I)", "N", 2, $"half of {settings.ToWords("weight")}",
                        "half of weight T (p_head − p_t) / N", "z_t, x + ξ"),
                }
                : [],
        ],
        Create = Create,
    };

    public override IReadOnlyList<string> StudentTaps => [features];

    public override nn.Module Parts => head;

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        double sigma = settings.Real("noise");
        double weight = settings.Scheduled("weight").At(step.Epoch);
        var clean = new LossTerm(
            "kl", Divergence(step, head.call(step.Student.Tap(features).flatten(1)), step.Teacher.Output),
            sigma > 0 ? weight / 2 : weight);
        if (sigma == 0)
        {
            return [clean];
        }

        Tensor noisy = StepNoise.Added(step, step.Batch.Inputs, sigma);
        Tensor teacher;
        using (no_grad())
        {
            teacher = step.Teacher.Network.call(noisy);
        }

        return [clean, new LossTerm("noisy-kl", Divergence(step, OwnLogits(noisy), teacher), weight / 2)];
    }

    public override IReadOnlyDictionary<string, double> Figures()
    {
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        int most = settings.Whole("bound-items");
        if (most == 0)
        {
            return figures;
        }

        Tensor source = TransferBound.Items(context.Teacher.Source ?? context.Task, most, context.Device);
        Tensor target = TransferBound.Items(context.Task, most, context.Device);
        TransferBound bound = TransferBound.Of(
            images => (OwnLogits(images) - context.Teacher.Network.call(images)).square().sum(1).clamp_min(1e-24).sqrt(), source, target);
        figures["source-target Hausdorff distance"] = bound.Hausdorff;
        figures["Lipschitz estimate"] = bound.Lipschitz;
        figures["mean logit distance on source"] = bound.SourceMean;
        figures["largest logit distance on target"] = bound.TargetMax;
        figures["bound"] = bound.Bound;
        return figures;
    }

    // A pass of its own, every image by itself.
    private Tensor OwnLogits(Tensor images)
    {
        using var evaluation = new EvaluationMode(context.Student);
        using var taps = new NetworkTaps(context.Student, [features]);
        context.Student.call(images);
        return head.call(taps.Take()[features].flatten(1));
    }

    private Tensor Divergence(MethodStep step, Tensor student, Tensor teacher)
    {
        double temperature = settings.Scheduled("temperature").At(step.Epoch);
        return step.Fused
            ? KdFunctional.TemperedKl(student, teacher, temperature, KdReduction.BatchMean)
            : TemperedKlComposed.Loss(student, teacher, new TemperedKlOptions(temperature, KdReduction.BatchMean));
    }

    private static LwfMethod Create(MethodContext context)
    {
        string layer = context.LayerOrFeatures("features", ofTeacher: false);
        long width = context.StudentShape(layer).Aggregate(1L, (product, size) => product * size);
        return new LwfMethod(context, layer, width);
    }
}
