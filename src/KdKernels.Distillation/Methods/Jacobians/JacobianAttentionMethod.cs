using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>The derivative of attention, where the teacher looks most.</summary>
internal sealed class JacobianAttentionMethod(MethodSettings settings, IReadOnlyList<LayerPair> pairs) : DistillationMethod
{
    private const string StudentLayers = "student-layers";
    private const string TeacherLayers = "teacher-layers";

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "jacobian-attention",
        Summary = "the derivative by the image of attention at the teacher's strongest pixel is matched",
        Paper = "Srinivas and Fleuret 2018, Knowledge Transfer with Jacobian Matching, section 4",
        Description =
            """
            For features F `[N, C, H, W]` of a pair of layers the attention is `A = Σ_c F_c²` `[N, H, W]`. (i, j) is the largest pixel of the
            *teacher's* A, the first of several, and in a student's map of another size the pixel (⌊i·H_s/H_t⌋, ⌊j·W_s/W_t⌋). With
            `a = ∂A_ij/∂x = 2 Σ_c F_c,ij ∂F_c,ij/∂x` `[N, D]`, one backward pass per network and pair:

            `L = weight · (1/(N·P)) Σ_pairs Σ_n ‖â_s − â_t‖²`, â = a / ‖a‖ per image, which is `2 − 2 cos(a_s, a_t)`. P is the number of pairs, so that the
            weight does not depend on how many there are. Where the student's derivative is 0, as under a dead map, an image counts 1 and
            has no gradient. No class is compared: the teacher may have others.

            The student is in evaluation mode, in a forward pass of its own: batch norm in training mode mixes the images of a batch. Running
            statistics stay as they are. Left empty, the layers are the stages of both networks, first with first.

            The paper gives no weight; 1 is this library's. It takes this form since the Jacobian of the logits of deep networks would not come down in
            its experiments. Seen elsewhere: the pixel of each network's own largest attention, which compares different places.
            """,
        Settings =
        [
            MethodSetting.Names(StudentLayers, [], "the student's layers; empty: its stages"),
            MethodSetting.Names(TeacherLayers, [], "the teacher's layers, one for each of the student's; empty: its stages"),
            MethodSetting.Weight("weight", 1, "factor of the term"),
        ],
        Teacher = TeacherNeed.AnyClasses,
        Task = ImageClassification.KindName,
        Contract = static settings =>
        [
            new(
                "jacobian", "Σ_pairs Σ_n (2 − 2 cos(a_s, a_t)), a = ∂A_ij/∂x at the teacher's peak", "N·pairs", 0,
                settings.ToWords("weight"), "weight (2 / (N·pairs ‖a_s‖)) (cos â_s − â_t) per element of a_s", "a_t, (i, j)"),
        ],
        Create = Create,
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        using var evaluation = new EvaluationMode(step.Student.Network);
        Tensor images = InputGradient.Leaf(step.Batch.Inputs);
        IReadOnlyDictionary<string, Tensor> teacher = Features(step.Teacher.Network, pairs.Select(pair => pair.Teacher), images);
        IReadOnlyDictionary<string, Tensor> student = Features(step.Student.Network, pairs.Select(pair => pair.Student), images);
        Tensor loss = pairs.Select(pair => Of(step, student[pair.Student], teacher[pair.Teacher], images))
            .Aggregate((left, right) => left + right);
        return [new LossTerm("jacobian", loss / pairs.Count, settings.Scheduled("weight").At(step.Epoch))];
    }

    /// <summary>The same place in a map of another size, int64 <c>[N]</c>: nearest, in integers.</summary>
    internal static Tensor Scaled(Tensor pixels, long[] from, long[] to)
    {
        if (from[0] == to[0] && from[1] == to[1])
        {
            return pixels;
        }

        Tensor row = pixels.floor_divide(from[1]);
        Tensor column = pixels - row * from[1];
        return (row * to[0]).floor_divide(from[0]) * to[1] + (column * to[1]).floor_divide(from[1]);
    }

    private static Tensor Of(MethodStep step, Tensor student, Tensor teacher, Tensor images)
    {
        Tensor peaks = KdFunctional.AttentionPeak(teacher.detach());
        Tensor own = Scaled(peaks, teacher.shape[2..], student.shape[2..]);
        return Matching.Normalised(
            step,
            InputGradient.Of(Attention(student, own), images, trains: true),
            InputGradient.Of(Attention(teacher, peaks), images, trains: false));
    }

    // A at one pixel per image, [N].
    private static Tensor Attention(Tensor features, Tensor pixels)
    {
        Tensor place = pixels.view(-1, 1, 1).expand(-1, features.shape[1], 1);
        return features.flatten(2).gather(2, place).square().sum(1);
    }

    private static IReadOnlyDictionary<string, Tensor> Features(
        nn.Module<Tensor, Tensor> network, IEnumerable<string> layers, Tensor images)
    {
        using var taps = new NetworkTaps(network, layers);
        network.call(images);
        return taps.Take();
    }

    private static JacobianAttentionMethod Create(MethodContext context)
    {
        IReadOnlyList<LayerPair> pairs = context.LayerPairs(StudentLayers, TeacherLayers);
        foreach (LayerPair pair in pairs)
        {
            if (pair.StudentShape.Length != 3 || pair.TeacherShape.Length != 3)
            {
                throw context.Refuse(
                    $"expected feature maps [C, H, W] but got [{string.Join(", ", pair.StudentShape)}] of the student's "
                    + $"{pair.Student} and [{string.Join(", ", pair.TeacherShape)}] of the teacher's {pair.Teacher}");
            }
        }

        return new JacobianAttentionMethod(context.Settings, pairs);
    }
}
