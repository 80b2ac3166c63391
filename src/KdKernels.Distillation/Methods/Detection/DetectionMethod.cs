using KdKernels.Distillation.Models.Detection;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Detection;

/// <summary>A detector taught in all three places: classes, boxes and features.</summary>
internal sealed class DetectionMethod : DistillationMethod
{
    private const string Hinted = "backbone";

    private readonly MethodSettings settings;
    private readonly DetectionGrid grid;
    private readonly Conv2d adapter;

    private DetectionMethod(MethodContext context)
    {
        settings = context.Settings;
        grid = ((SceneDetection)context.Task).Grid;
        long[] student = context.StudentShape(Hinted);
        long[] teacher = context.TeacherShape(Hinted);
        if (student.Length != 3 || teacher.Length != 3 || student[1] != teacher[1] || student[2] != teacher[2])
        {
            throw context.Refuse(
                $"expected maps of one height and width from {Hinted} but got [{string.Join(", ", student)}] from the student "
                + $"{context.StudentModel} and [{string.Join(", ", teacher)}] from the teacher {context.Teacher.Model}");
        }

        adapter = nn.Conv2d(student[0], teacher[0], 1);
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "detection",
        Summary = "a detector's classes by a class-weighted soft cross-entropy, its boxes by a teacher-bounded regression, its features by hints",
        Paper = "Chen, Choi, Yu, Han and Chandraker 2017, Learning Efficient Object Detection Models with Knowledge Distillation, section 3",
        Task = SceneDetection.KindName,
        Description =
            """
            With logits z of shape `[B, A, C + 1]` (A cells, background first), box offsets R of shape `[B, A, 4]`, targets y and
            F foreground cells in the batch:

            `L = L_cls + λ L_reg + γ L_hint`

            `L_cls = μ L_hard + (1 − μ) L_soft`, `L_soft = −(1 / BA) Σ_cells Σ_c w_c p_t,c log p_s,c`, T = 1, with w of the background
            1.5 and of objects 1. The weights are inside the sum over classes: the gradient is `p_s Σ_c w_c p_t,c − w ⊙ p_t`, not
            `w (p_s − p_t)`.

            `L_reg = (1 / F) Σ_foreground (smoothL1(R_s − y) + ν L_b)`, `L_b = ‖R_s − y‖²` where `‖R_s − y‖² + m > ‖R_t − y‖²`, else 0: the
            teacher is a bound and not a target, and switches itself off where the student is better by m. Background has no
            target and is not counted; a batch without objects gives 0.

            `L_hint = (1 / B F_t h w) Σ (V − r(Z))²` between the outputs of `backbone`, `[B, F_s, h, w]` and `[B, F_t, h, w]`; r is a 1x1
            convolution with a bias, also where the widths agree, as in the paper.

            μ = 0.5, ν = 0.5, γ = 0.5, λ = 1 and w are the paper's. It states no margin m; 0 is our choice. Departures: cells
            stand in for proposals; L_hard is the task's own loss, which has w as well, so that a plain student differs by the
            teacher alone; the hint is a mean over elements, where the paper does not say over what.

            L_b has twice the gradient of smooth L1 near the target, so that ν = 0.5 doubles the boxes' share wherever the gate is
            open, and F cells per batch stand against B A for classes. Where a student is trained for few epochs that costs more
            than the teacher gives: lower λ or ν then.

            The labels' parts, `μ L_hard + λ smoothL1`, are the method's, so that μ means what it means in the paper; `labels` of the
            recipe multiplies both. The only public re-implementation has the class weights commented out and takes them per
            sample, uses log(softmax), and returns a loss of 0 when anything fails; nothing of this is repeated here.
            """,
        Settings =
        [
            MethodSetting.Scheduled(
                "mu", 0.5, number => number is >= 0 and <= 1, "a weight in [0, 1]",
                "μ: weight of the classes' loss against labels; that against the teacher gets 1 − μ"),
            MethodSetting.Weight("lambda", 1, "λ: weight of the boxes' losses"),
            MethodSetting.Weight("nu", 0.5, "ν: weight of the teacher-bounded part within the boxes' losses"),
            MethodSetting.Real(
                "margin", 0, number => number >= 0 && double.IsFinite(number), "a number of at least 0",
                "m: by how much, in squared offsets, the student must beat the teacher to be left alone"),
            MethodSetting.Weight("gamma", 0.5, "γ: weight of the hint"),
            MethodSetting.Real(
                "background-weight", DetectionLoss.BackgroundWeight, number => number >= 0 && double.IsFinite(number),
                "a weight of at least 0", "w of the background in the soft cross-entropy; objects have 1"),
        ],
        Contract = Contract,
        Create = static context => new DetectionMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps => [Hinted];

    public override IReadOnlyList<string> TeacherTaps => [Hinted];

    public override nn.Module Parts => adapter;

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        double mu = settings.Scheduled("mu").At(step.Epoch);
        double lambda = settings.Scheduled("lambda").At(step.Epoch);
        double nu = settings.Scheduled("nu").At(step.Epoch);
        double gamma = settings.Scheduled("gamma").At(step.Epoch);
        double labels = step.TakeLabels();
        Tensor output = step.Student.Output;
        Tensor taught = step.Teacher.Output.detach();
        DetectionTargets targets = SceneDetection.TargetsOf(step.Batch, output);
        Tensor soft = Soft(grid.Logits(output), grid.Logits(taught), step.Fused);
        Tensor bound = Bound(grid.Offsets(output), grid.Offsets(taught), targets, step.Fused);
        Tensor hint = (adapter.call(step.Student.Tap(Hinted)) - step.Teacher.Tap(Hinted).detach()).square().mean();
        Tensor classes = soft * (1 - mu);
        Tensor boxes = bound * (lambda * nu);
        if (labels > 0)
        {
            Tensor hard = DetectionLoss.Classification(grid.Logits(output), targets.Classes);
            Tensor smooth = DetectionLoss.Regression(grid.Offsets(output), targets);
            step.CrossEntropy = (hard + smooth).detach();
            classes += hard * (labels * mu);
            boxes += smooth * (labels * lambda);
        }

        return
        [
            new LossTerm("classes", soft, 1 - mu, classes),
            new LossTerm("boxes", bound, lambda * nu, boxes),
            new LossTerm("hint", hint, gamma),
        ];
    }

    private Tensor Soft(Tensor student, Tensor teacher, bool fused)
    {
        Tensor weights = DetectionLoss.ClassWeights(student, settings.Real("background-weight"));
        return fused
            ? KdFunctional.SoftCrossEntropy(student, teacher, 1, KdReduction.BatchMean, weights, dim: -1)
            : SoftCrossEntropyComposed.Loss(
                student, teacher, new SoftCrossEntropyOptions(1, KdReduction.BatchMean, ClassDimension: 2), weights);
    }

    private Tensor Bound(Tensor student, Tensor teacher, DetectionTargets targets, bool fused)
    {
        double margin = settings.Real("margin");
        Tensor sum = fused
            ? KdFunctional.TeacherBounded(
                student, teacher, targets.Offsets, margin, KdReduction.Sum, targets.Foreground, dim: -1)
            : TeacherBoundedComposed.Loss(
                student,
                teacher,
                targets.Offsets,
                new TeacherBoundedOptions(margin, KdReduction.Sum, OffsetDimension: 2),
                targets.Foreground.to(ScalarType.Int64));
        return sum / targets.Foreground.sum().clamp_min(1);
    }

    private static IReadOnlyList<TermContract> Contract(MethodSettings settings) =>
    [
        new(
            "classes", "Σ_cells −Σ_c w_c p_t,c log p_s,c", "B·A cells", 0, $"1 − mu, mu: {settings.ToWords("mu")}",
            "(1 − μ) (p_s Σ_c w_c p_t,c − w ⊙ p_t) / (B·A)", "z_t"),
        new(
            "boxes", "Σ_foreground ‖R_s − y‖² where ‖R_s − y‖² + m > ‖R_t − y‖²", "max(1, F) foreground cells", 0,
            $"lambda · nu: {settings.ToWords("lambda")} · {settings.ToWords("nu")}", "2 λ ν gate (R_s − y) / F", "R_t, the gate"),
        new(
            "hint", "Σ (V − r(Z))²", "B·F_t·h·w elements", 0, settings.ToWords("gamma"),
            "2 γ (r(Z) − V) / (B·F_t·h·w) per element of r(Z)", "V"),
    ];
}
