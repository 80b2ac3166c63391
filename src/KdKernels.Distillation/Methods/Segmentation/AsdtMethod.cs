using KdKernels.Distillation.Models.Segmentation;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Segmentation;

/// <summary>Two teacher branches of the student's own network, one of which speaks in each step.</summary>
internal sealed class AsdtMethod : DistillationMethod
{
    private static readonly TeacherPolicy[] Policies =
        [TeacherPolicy.PulseWidth, TeacherPolicy.RoundRobin, TeacherPolicy.Random];

    private readonly MethodSettings settings;
    private readonly TeacherSwitch chooser;

    private AsdtMethod(MethodContext context)
    {
        settings = context.Settings;
        string policy = settings.Text("policy");
        var recipe = new TeacherSwitchRecipe
        {
            Policy = Policies.First(each => string.Equals(RecipeNames.Of(each), policy, StringComparison.Ordinal)),
            Period = settings.Whole("period"),
            Duty = settings.Scheduled("duty"),
        };
        chooser = new TeacherSwitch(recipe, context.Seed);
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "asdt",
        Summary = "a mask branch taught by two branches of the same network in turn, switched by a pulse wave",
        Paper = "ASDT, IEEE Transactions on Image Processing 34, 3086-3095, 2025 (arXiv 2112.09459), as reconstructed from its abstract",
        Task = ShapesSegmentation.KindName,
        Teacher = TeacherNeed.None,
        Description =
            """
            Over one backbone, two teacher branches with class activation maps `[B, K, h, w]` learn from image labels, T1 as it is and
            T2 with what T1 finds erased, and a mask branch with logits z of shape `[B, K + 1, H, W]` learns from one of them:

            `L = labels · (L_img(T1) + L_img(T2)) + weight · L_mask(T_s(t))`

            `L_img` is the binary cross-entropy over classes, summed and divided by B. `L_mask = −(1 / P) Σ_pixels Σ_c q_c log p_c`, p =
            softmax(z), q the pseudo mask of the branch that speaks, at T = 1, over the P pixels of the batch where that pseudo
            mask is sure: its evidence a in [0, 1] is further than `ignore` from `threshold`. q of the image's class is σ(`sharpness` (a −
            `threshold`)). Pseudo masks have no gradient; 0 pixels give 0.

            T1 speaks in step t where `(t mod period) < duty · period`, else T2. `duty` may follow a schedule: from 1 to 0 goes from
            the part that tells the class to the whole object. With a duty of 1, and the default weight, this is what a plain
            student of this task learns: the comparison is the switch against a fixed teacher.

            Neither the paper's equations nor code were to be had; the wave, the pixel-wise soft cross-entropy with ignored
            pixels, and the branches are a reconstruction, and no figure of the paper is claimed.
            """,
        Settings =
        [
            MethodSetting.Choice(
                "policy", [.. Policies.Select(RecipeNames.Of)], "who speaks: a pulse wave, one after the other, or one at random"),
            MethodSetting.Whole("period", 100, 1, "P: steps of a period of the pulse wave"),
            MethodSetting.Scheduled(
                "duty", 0.5, number => number is >= 0 and <= 1, "a part in [0, 1]", "d: the part of a period in which T1 speaks"),
            MethodSetting.Weight("weight", 1, "factor of the masks' loss"),
            MethodSetting.Real(
                "threshold", 0.4, number => number is > 0 and < 1, "a number in (0, 1)",
                "the evidence from which a pixel is rather the object's"),
            MethodSetting.Real(
                "ignore", 0.1, number => number is >= 0 and < 1, "a number in [0, 1)",
                "pixels whose evidence is nearer to the threshold are left out"),
            MethodSetting.Real(
                "sharpness", 10, number => number > 0 && double.IsFinite(number), "a number above 0",
                "how fast a pseudo mask goes from background to object at the threshold"),
        ],
        Contract = Contract,
        Create = static context => new AsdtMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps => [ShapesSegmentation.ClassBranch, ShapesSegmentation.ObjectBranch];

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        double weight = settings.Scheduled("weight").At(step.Epoch);
        double labels = step.TakeLabels();
        Tensor masks = step.Student.Output;
        bool first = chooser.Choose(2, step.Epoch, step.Step) == 0;
        PseudoMask teacher = PseudoMasks.FromActivation(
            step.Student.Tap(first ? ShapesSegmentation.ClassBranch : ShapesSegmentation.ObjectBranch),
            step.Batch.Labels,
            settings.Real("threshold"),
            settings.Real("ignore"),
            settings.Real("sharpness"),
            (masks.shape[2], masks.shape[3]));
        Tensor loss = SegmentationLoss.Mask(masks, teacher, step.Ops);
        Tensor contribution = loss * weight;
        if (labels > 0)
        {
            contribution += ShapesSegmentation.ImageLosses(step.Student, step.Batch) * labels;
        }

        return [new LossTerm("masks", loss, weight, contribution)];
    }

    private static IReadOnlyList<TermContract> Contract(MethodSettings settings) =>
    [
        new(
            "masks", "Σ_pixels −Σ_c q_c log p_c", "max(1, P) sure pixels", 0, settings.ToWords("weight"),
            "weight (p − q) / P at sure pixels, else 0", "q, the pseudo mask"),
    ];
}
