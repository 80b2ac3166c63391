using KdKernels.Distillation.Methods.Logits;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.SelfSupervision;

/// <summary>Distillation of what class and orientation together are, at every stage.</summary>
internal sealed class HsakdMethod : DistillationMethod
{
    private readonly MethodSettings settings;
    private readonly IReadOnlyList<LayerPair> pairs;
    private readonly StageHeads studentHeads;
    private readonly StageHeads teacherHeads;

    private HsakdMethod(MethodContext context)
    {
        settings = context.Settings;
        pairs = context.LayerPairs("student-layers", "teacher-layers");
        foreach (LayerPair pair in pairs)
        {
            RequireMap(context, "student", pair.Student, pair.StudentShape);
            RequireMap(context, "teacher", pair.Teacher, pair.TeacherShape);
        }

        int width = settings.Whole("head-width");
        long logits = (long)Rotations.Count * context.Task.Classes;
        studentHeads = new StageHeads(
            [.. pairs.Select(pair => (pair.Student, pair.StudentShape[0]))],
            width > 0 ? width : pairs[^1].StudentShape[0],
            logits);
        teacherHeads = new StageHeads(
            [.. pairs.Select(pair => (pair.Teacher, pair.TeacherShape[0]))],
            width > 0 ? width : pairs[^1].TeacherShape[0],
            logits);
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "hsakd",
        Summary = "CE + T² KL of logits and, at every stage, of (class, rotation), on images turned four ways",
        Paper = "Yang, An, Cai and Xu 2021, Hierarchical Self-supervised Augmented Knowledge Distillation, section 3",
        Description =
            """
            B images become 4B: the upright ones, then all turned by 90, 180 and 270 degrees. A head on each stage's map predicts class
            and rotation together: logits q_l of shape `[4B, 4K]`, column 4y + r for class y turned r times. z are the class logits
            `[4B, K]`, p = softmax(· / T):

            `L = labels · CE(z_s, y) + w_heads Σ_l T² KL(q_l^t ‖ q_l^s) + w_kd T² KL(p_t ‖ p_s)`

            Cross-entropy on the B upright images; both divergences on all 4B, each a mean over 4B, the heads' summed over the stages. The
            defaults are the paper's and its code's: all weights 1, T = 3. The heads of all stages are compared in one call, as rows of one
            matrix `[stages · 4B, 4K]`.

            **The teacher's heads** are trained before the students on `Σ_l CE(q_l, 4y + r)`, means over 4B, its network frozen
            and in evaluation mode. That is the paper's variant with a frozen backbone; its better figures (by up to 2 points) are with
            teachers that learn class, rotation and heads together for the full 240 epochs, which this trainer does not do.
            `teacher-epochs` is 5 by default, for small runs.

            **Deviations.** The paper's heads repeat the network's remaining stages, with as many blocks as those, so that with three stages
            the heads are larger than the network. Here a head is one 3x3 convolution of stride 2 with batch norm and ReLU,
            the mean over the map, and a linear layer. It is as wide as the last stage (that of the paper's too). Stages are paired
            by position; the student's gradient flows from the heads into its stages, as in the paper.

            In the authors' code the heads get features without a gradient unless `grad=True` is passed with the batch; forgotten, the
            student's stages learn nothing from them, and nothing says so.
            """,
        Task = ImageClassification.KindName,
        Expansion = BatchExpansion.Rotations,
        Settings =
        [
            MethodSetting.Temperature(3),
            MethodSetting.Weight("heads-weight", 1, "w_heads: factor of the heads' divergences, summed over the stages"),
            MethodSetting.Weight("kd-weight", 1, "w_kd: factor of the divergence of class logits"),
            MethodSetting.Names("student-layers", [], "the student's maps; empty for its stages"),
            MethodSetting.Names("teacher-layers", [], "the teacher's maps; empty for its stages"),
            MethodSetting.Whole("head-width", 0, 0, "channels within a head; 0 for those of the network's last map", 4096),
            MethodSetting.Whole("teacher-epochs", 5, 1, "epochs of training the teacher's heads"),
        ],
        TeacherStageEpochs = static settings => settings.Whole("teacher-epochs"),
        Contract = static settings =>
        [
            new(
                "heads", "Σ_l Σ_n Σ_j p_t (log p_t − log p_s), p = softmax(q_l / T), on all 4B images", "4B", 2,
                settings.ToWords("heads-weight"), "w_heads T (p_s − p_t) / 4B", "q_l^t"),
            new(
                "kd", "Σ_n Σ_k p_t (log p_t − log p_s), p = softmax(z / T), on all 4B images", "4B", 2,
                settings.ToWords("kd-weight"), "w_kd T (p_s − p_t) / 4B", "z_t"),
        ],
        Create = static context => new HsakdMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps => [.. pairs.Select(pair => pair.Student)];

    public override IReadOnlyList<string> TeacherTaps => [.. pairs.Select(pair => pair.Teacher)];

    public override nn.Module Parts => studentHeads;

    public override nn.Module TeacherParts => teacherHeads;

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        double temperature = settings.Scheduled("temperature").At(step.Epoch);
        Tensor student = studentHeads.On(step.Student);
        Tensor teacher;
        using (no_grad())
        {
            teacher = teacherHeads.On(step.Teacher);
        }

        // The mean over the rows of all heads, times their number: the sum of their means.
        Tensor heads = TemperedTerms.Divergence(step.Ops, student, teacher, temperature) * pairs.Count;
        Tensor classes = TemperedTerms.Divergence(
            step.Ops, step.Student.Expanded, step.Teacher.Expanded, temperature);
        return
        [
            new LossTerm("heads", heads, settings.Scheduled("heads-weight").At(step.Epoch)),
            new LossTerm("kd", classes, settings.Scheduled("kd-weight").At(step.Epoch)),
        ];
    }

    public override IReadOnlyList<LossTerm> TeacherTerms(MethodStep step)
    {
        Tensor joint = cat([.. Enumerable.Range(0, Rotations.Count).Select(turns => step.Batch.Labels * Rotations.Count + turns)]);
        Tensor loss = nn.functional.cross_entropy(
            teacherHeads.On(step.Teacher), cat([.. pairs.Select(_ => joint)])) * pairs.Count;
        return [new LossTerm("heads", loss, 1)];
    }

    private static void RequireMap(MethodContext context, string side, string layer, long[] shape)
    {
        if (shape.Length != 3)
        {
            throw context.Refuse(
                $"hsakd's heads read feature maps [C, H, W] but the {side}'s layer '{layer}' gives [{string.Join(", ", shape)}]");
        }
    }
}
