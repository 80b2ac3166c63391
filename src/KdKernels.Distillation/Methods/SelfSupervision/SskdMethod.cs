using KdKernels.Distillation.Methods.Logits;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.SelfSupervision;

/// <summary>Distillation of classes, upright and turned, and of which image a turned one was made from.</summary>
internal sealed class SskdMethod : DistillationMethod
{
    // The most columns that the op's kernels take.
    private const long WidestEmbedding = 1024;

    private readonly MethodSettings settings;
    private readonly string studentLayer;
    private readonly string teacherLayer;
    private readonly ProjectionHead studentHead;
    private readonly ProjectionHead teacherHead;

    private SskdMethod(MethodContext context)
    {
        settings = context.Settings;
        studentLayer = context.LayerOrFeatures("student-layer", ofTeacher: false);
        teacherLayer = context.LayerOrFeatures("teacher-layer", ofTeacher: true);
        studentHead = Head(context, "student", studentLayer, context.StudentShape(studentLayer));
        teacherHead = Head(context, "teacher", teacherLayer, context.TeacherShape(teacherLayer));
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "sskd",
        Summary = "0.1 CE + 0.9 kd + 2.7 kd on turned images + 10 KL of their similarities to the upright ones",
        Paper = "Xu, Liu, Li and Loy 2020, Knowledge Distillation Meets Self-Supervision, sections 3.2 to 3.4",
        Description =
            """
            B images become 4B: the upright ones, then all turned by 90, 180 and 270 degrees. With class logits z of shape `[4B, K]`, p =
            softmax(z / T), and embeddings e of shape `[4B, D]` that a projection head (linear, ReLU, linear) makes of the
            features before the classifier:

            `L = labels · CE(z_s, y) + w_kd T² KL(p_t ‖ p_s)` on the B upright images
            `  + w_rot T² KL(p_t ‖ p_s)` on the 3B turned ones
            `  + w_ss τ² KL(softmax(S_t / τ) ‖ softmax(S_s / τ))` on their rows of S `[3B, B]`, the cosines of turned with upright embeddings.

            Means over B, over the turned images that are kept, and over the rows of S that are kept. Of the turned images
            those are kept that the teacher gets right and, of its errors, the best-ranked share `keep-classes`: rank is the
            number of classes (of upright images, with `keep-ss`) that it puts before the right one. The number is rounded down;
            of equal ranks the first rows stay. If nothing is kept the term is 0.

            The labels' weight 0.1, w_kd = 0.9, w_rot = 2.7, w_ss = 10, T = 4, τ = 0.5, and the shares 1 and 0.75 are those of the
            paper and of its code.

            **The teacher's head** is trained before the students, its network frozen, in evaluation mode: cross-entropy
            of S / τ' against the image that each turned one was made from, a mean over 3B. The authors' code has τ' = 1
            (it does not divide by any), which is the default of `teacher-temperature`. It trains the head for 60 epochs at a
            learning rate of 0.05, divided by 10 after 30 and 45. Here it is the teacher's solver, its schedule compressed to
            `teacher-epochs`: 5 by default, for small runs; give it 60 to repeat the paper.

            **Deviations.** Head and embedding are as wide as the features, as in the paper, but at most 1024 (a network that flattens
            its last map has more). Here equal ranks are broken by the rows' order, blocks of one angle after the other; there by an
            unstable sort over four neighbours. The authors' code makes three tensors of `[3B, D, B]` to get S; here no such
            tensor exists, and ranks are counted, not sorted. Their teacher and student both run their heads
            over all 4B images, as here.
            """,
        Task = ImageClassification.KindName,
        Expansion = BatchExpansion.Rotations,
        Settings =
        [
            MethodSetting.Weight("kd-weight", 0.9, "w_kd: factor of the divergence on upright images"),
            MethodSetting.Weight("rotation-weight", 2.7, "w_rot: factor of the divergence on turned images"),
            MethodSetting.Weight("ss-weight", 10, "w_ss: factor of the self-supervised divergence"),
            MethodSetting.Temperature(4),
            MethodSetting.Temperature(4, "rotation-temperature", "T on turned images"),
            MethodSetting.Temperature(0.5, "ss-temperature", "τ: cosines are divided by it; τ² keeps the gradient's size"),
            MethodSetting.Real(
                "keep-classes", 1, number => number is >= 0 and <= 1, "a share in [0, 1]",
                "the share of turned images kept of those whose class the teacher gets wrong"),
            MethodSetting.Real(
                "keep-ss", 0.75, number => number is >= 0 and <= 1, "a share in [0, 1]",
                "the share of turned images kept of those whose upright image the teacher's head gets wrong"),
            MethodSetting.Whole("teacher-epochs", 5, 1, "epochs of training the teacher's head; 60 in the paper"),
            MethodSetting.Real(
                "teacher-temperature", 1, number => double.IsFinite(number) && number > 0, "a finite temperature above 0",
                "τ' in the loss of the teacher's head"),
            MethodSetting.Text(
                "student-layer", "", "the name of a layer", "the student's features; empty for those before its classifier"),
            MethodSetting.Text(
                "teacher-layer", "", "the name of a layer", "the teacher's features; empty for those before its classifier"),
            MethodSetting.Whole(
                "embedding", 0, 0, "D: width of the heads; 0 for that of the features, at most 1024", (int)WidestEmbedding),
        ],
        LabelWeight = static (_, _) => 0.1,
        TeacherStageEpochs = static settings => settings.Whole("teacher-epochs"),
        Contract = Contract,
        Create = static context => new SskdMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps => [studentLayer];

    public override IReadOnlyList<string> TeacherTaps => [teacherLayer];

    public override nn.Module Parts => studentHead;

    public override nn.Module TeacherParts => teacherHead;

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        long rows = step.Batch.Inputs.shape[0];
        LossTerm upright = TemperedTerms.WithLabels(
            step,
            "kd",
            settings.Scheduled("temperature").At(step.Epoch),
            settings.Scheduled("kd-weight").At(step.Epoch));
        return
        [
            upright,
            new LossTerm("rotated", Rotated(step, rows), settings.Scheduled("rotation-weight").At(step.Epoch)),
            new LossTerm("ss", SelfSupervised(step, rows), settings.Scheduled("ss-weight").At(step.Epoch)),
        ];
    }

    public override IReadOnlyList<LossTerm> TeacherTerms(MethodStep step)
    {
        long rows = step.Batch.Inputs.shape[0];
        Tensor embeddings = teacherHead.call(step.Teacher.ExpandedTap(teacherLayer));
        Tensor scores = CosineKlComposed.Scores(Turned(embeddings, rows), embeddings.narrow(0, 0, rows));
        Tensor loss = nn.functional.cross_entropy(
            scores / settings.Real("teacher-temperature"), Origins(rows, scores.device));
        return [new LossTerm("contrast", loss, 1)];
    }

    private static IReadOnlyList<TermContract> Contract(MethodSettings settings) =>
    [
        new(
            "kd", "Σ_n Σ_k p_t (log p_t − log p_s) on upright images, p = softmax(z / T)", "B", 2,
            settings.ToWords("kd-weight"), "w_kd T (p_s − p_t) / B", "z_t"),
        new(
            "rotated", "Σ_n Σ_k p_t (log p_t − log p_s) on kept turned images", "kept turned images", 2,
            settings.ToWords("rotation-weight"), "w_rot T (p_s − p_t) / kept", "z_t, the choice"),
        new(
            "ss", "Σ_i Σ_j P_t (log P_t − log P_s) on kept rows, P = softmax(S / τ), S = cosines [3B, B]", "kept rows", 2,
            settings.ToWords("ss-weight"), "on S: w_ss τ (P_s − P_t) / kept", "S_t, the teacher's head, the choice"),
    ];

    private static ProjectionHead Head(MethodContext context, string side, string layer, long[] shape)
    {
        if (shape.Length is not (1 or 3))
        {
            throw context.Refuse(
                $"sskd's projection head reads features [D] or maps [D, H, W] but the {side}'s layer '{layer}' gives "
                + $"[{string.Join(", ", shape)}]");
        }

        int stated = context.Settings.Whole("embedding");
        return new ProjectionHead(shape[0], stated > 0 ? stated : Math.Min(shape[0], WidestEmbedding));
    }

    private static Tensor Turned(Tensor expanded, long rows) => expanded.narrow(0, rows, expanded.shape[0] - rows);

    // Row i of the turned ones was made from image i mod B.
    private static Tensor Origins(long rows, Device device) =>
        arange((Rotations.Count - 1) * rows, ScalarType.Int64, device) % rows;

    private Tensor Rotated(MethodStep step, long rows)
    {
        Tensor student = Turned(step.Student.Expanded, rows);
        Tensor teacher = Turned(step.Teacher.Expanded, rows);
        Tensor labels = step.Batch.Labels;
        Tensor? keep = ErrorLevels.Keep(
            step.Fused, teacher, cat([labels, labels, labels]), settings.Real("keep-classes"));
        return TemperedTerms.Divergence(
            step.Ops, student, teacher, settings.Scheduled("rotation-temperature").At(step.Epoch), keep);
    }

    private Tensor SelfSupervised(MethodStep step, long rows)
    {
        Tensor student = studentHead.call(step.Student.ExpandedTap(studentLayer));
        Tensor teacher;
        using (no_grad())
        {
            teacher = teacherHead.call(step.Teacher.ExpandedTap(teacherLayer));
        }

        (Tensor studentTurned, Tensor studentUpright) = (Turned(student, rows), student.narrow(0, 0, rows));
        (Tensor teacherTurned, Tensor teacherUpright) = (Turned(teacher, rows), teacher.narrow(0, 0, rows));
        double fraction = settings.Real("keep-ss");
        Tensor? keep = fraction >= 1
            ? null
            : ErrorLevels.Keep(
                step.Fused,
                CosineKlComposed.Scores(teacherTurned, teacherUpright),
                Origins(rows, teacher.device),
                fraction);
        double temperature = settings.Scheduled("ss-temperature").At(step.Epoch);

        // As everywhere: no mean over what may be no rows.
        KdReduction reduction = keep is null ? KdReduction.BatchMean : KdReduction.Sum;
        Tensor value = step.Fused
            ? KdFunctional.CosineKl(
                studentTurned, studentUpright, teacherTurned, teacherUpright, temperature, reduction, keep)
            : CosineKlComposed.Loss(
                studentTurned,
                studentUpright,
                teacherTurned,
                teacherUpright,
                new CosineKlOptions(temperature, reduction),
                keep);
        return keep is null ? value : value / keep.sum().clamp_min(1);
    }
}
