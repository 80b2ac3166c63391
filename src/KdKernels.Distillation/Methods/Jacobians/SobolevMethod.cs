using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>Values and derivatives, these along random directions of the output.</summary>
internal sealed class SobolevMethod(MethodSettings settings) : DistillationMethod
{
    public static MethodDefinition Definition { get; } = new()
    {
        Name = "sobolev",
        Summary = "logits and their derivatives by the image, these along random directions of the output",
        Paper = "Czarnecki, Osindero, Jaderberg, Świrszcz and Pascanu 2017, Sobolev Training for Neural Networks, section 2",
        Description =
            """
            With the teacher f, the student m, logits `[N, K]`, J = ∂z/∂x `[N, K, D]` and x the image as the network sees it (normalised):

            `L = values · (1/N) Σ_n ½ ‖z_m − z_f‖² + weight · (1/(N·P)) Σ_n Σ_p ½ ‖v_pᵀ J_m − v_pᵀ J_f‖²`

            v_p = √K u with u uniform on the unit sphere of R^K: the paper's direction times √K, so that the expectation of the second sum is
            `(1/N) Σ_n ½ ‖J_m − J_f‖²` (Frobenius) however many classes there are. v is the same for both networks, keyed by seed, step and
            place in the batch. vᵀJ is one backward pass whatever K is; `projections` is P. First order: second derivatives are not matched.

            The paper trains on these terms alone (`labels` is 0 unless the recipe states it) and takes ℓ of values and of derivatives with equal
            weight; the size of both is that of `logits`. Values are those of the ordinary pass. Derivatives come from a forward pass of their own with
            the student in evaluation mode, so that an image's derivative is its own; running statistics stay as they are.

            KD-Zoo's version takes the mean over N·D, which makes the derivatives' term D times smaller (3072 on 32x32 colour images), and keeps a
            graph for the teacher.
            """,
        Settings =
        [
            MethodSetting.Whole("projections", 1, 1, "P: random directions per image and step"),
            MethodSetting.Weight("weight", 0.1, "factor of the derivatives' term"),
            MethodSetting.Weight("values", 0.1, "factor of the logits' term"),
        ],
        Task = ImageClassification.KindName,
        LabelWeight = static (_, _) => 0,
        Contract = static settings =>
        [
            new(
                "values", "Σ_n ½ Σ_k (z_s − z_t)²", "N", 0, settings.ToWords("values"), "values (z_s − z_t) / N", "z_t"),
            new(
                "derivatives", "Σ_n Σ_p ½ ‖v_pᵀ J_s − v_pᵀ J_t‖², ‖v_p‖² = K", "N·P", 0, settings.ToWords("weight"),
                "weight (v_pᵀ J_s − v_pᵀ J_t) / (N·P) per element of v_pᵀ J_s", "J_t, v"),
        ],
        Create = static context => new SobolevMethod(context.Settings),
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        using var evaluation = new EvaluationMode(step.Student.Network);
        Tensor images = InputGradient.Leaf(step.Batch.Inputs);
        Tensor taught = step.Teacher.Network.call(images);
        Tensor logits = step.Student.Network.call(images);
        int count = settings.Whole("projections");
        Tensor directions = StepNoise.Directions(step, taught, count);
        Tensor[] losses =
        [
            .. Enumerable.Range(0, count).Select(p =>
            {
                Tensor direction = directions.select(1, p);
                Tensor teacher = InputGradient.Of(taught * direction, images, trains: false);
                Tensor student = InputGradient.Of(logits * direction, images, trains: true);
                return Matching.Squared(step, student, teacher, half: true);
            }),
        ];
        Tensor derivatives = losses.Aggregate((left, right) => left + right);
        return
        [
            new LossTerm(
                "values", Matching.Squared(step, step.Student.Output, step.Teacher.Output, half: true),
                settings.Scheduled("values").At(step.Epoch)),
            new LossTerm(
                "derivatives", count == 1 ? derivatives : derivatives / count, settings.Scheduled("weight").At(step.Epoch)),
        ];
    }
}
