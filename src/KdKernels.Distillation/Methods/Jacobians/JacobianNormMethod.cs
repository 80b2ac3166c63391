using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>What training with noisy inputs amounts to, without the noise and without a teacher: a penalty on the
/// derivative by the input.</summary>
internal sealed class JacobianNormMethod(MethodSettings settings) : DistillationMethod
{
    private const string CrossEntropy = "cross-entropy";
    private const int MostRows = 10;

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "jacobian-norm",
        Summary = "no teacher: the derivative of the student's output by the image is kept small",
        Paper = "Srinivas and Fleuret 2018, Knowledge Transfer with Jacobian Matching, section 3, proposition 2",
        Description =
            """
            What noise ξ ~ N(0, σ² I) on the inputs adds to a loss in expectation, as a penalty beside the labels' cross-entropy. x is the image as
            the network sees it (normalised), `[N, D]`.

            - `form: cross-entropy`: `(1/N) Σ_n (σ²/2) ‖∂ log S_y/∂x‖²`, S = softmax(z), y the label. log-softmax is differentiated, which is
              the same as `‖∇S_y‖² / S_y²` and does not divide by a vanishing probability. One more backward pass.
            - `form: squared-error`: `(1/N) Σ_n σ² Σ_k ‖∂z_k/∂x‖²`, on the logits. Up to ten classes each k takes a backward pass and the
              sum is exact. Above, it is estimated without bias by `projections` P: `(1/P) Σ_p ‖v_pᵀ J‖²` with v_p of
              length √K, uniform on the sphere, keyed by seed and step.

            The student is in evaluation mode, in a forward pass of its own: in training mode batch norm mixes the images of a batch. Running statistics
            stay as they are. Proposition 2 leaves out the curvature of the loss: on one affine example at σ = 0.1
            the penalty of the cross-entropy is 18 % above what the noise does. The default σ is this library's; the paper gives none.
            """,
        Settings =
        [
            MethodSetting.Choice("form", [CrossEntropy, "squared-error"], "the loss whose noise it stands for"),
            MethodSetting.Real(
                "sigma", 0.1, number => number > 0 && double.IsFinite(number), "a deviation above 0",
                "σ: deviation of the noise, on normalised images"),
            MethodSetting.Whole("projections", 4, 1, "P: random directions of form squared-error with more than ten classes"),
            MethodSetting.Weight("weight", 1, "factor of the term"),
        ],
        Teacher = TeacherNeed.None,
        Task = ImageClassification.KindName,
        Contract = static settings =>
        [
            IsCrossEntropy(settings)
                ? new(
                    "gradient-norm", "Σ_n (σ²/2) ‖∂ log S_y/∂x‖²", "N", 0, settings.ToWords("weight"),
                    "weight σ² ∂ log S_y/∂x / N per element of the derivative", "none")
                : new(
                    "gradient-norm", "Σ_n σ² Σ_k ‖∂z_k/∂x‖²; above ten classes Σ_n (σ²/P) Σ_p ‖v_pᵀ J‖²", "N", 0,
                    settings.ToWords("weight"), "weight 2 σ² ∂z_k/∂x / N per element of the derivative", "v"),
        ],
        Create = static context => new JacobianNormMethod(context.Settings),
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        using var evaluation = new EvaluationMode(step.Student.Network);
        Tensor images = InputGradient.Leaf(step.Batch.Inputs);
        Tensor logits = step.Student.Network.call(images);
        double sigma = settings.Real("sigma");
        Tensor squares = IsCrossEntropy(settings)
            ? Squares(InputGradient.Row(nn.functional.log_softmax(logits, 1), step.Batch.Labels, images, trains: true)) * 0.5
            : Directions(step, logits).Select(direction => Squares(InputGradient.Of(logits * direction, images, trains: true)))
                .Aggregate((left, right) => left + right);
        return [new LossTerm("gradient-norm", squares * (sigma * sigma), settings.Scheduled("weight").At(step.Epoch))];
    }

    private static bool IsCrossEntropy(MethodSettings settings) =>
        string.Equals(settings.Text("form"), CrossEntropy, StringComparison.Ordinal);

    private static Tensor Squares(Tensor derivative) => derivative.square().sum() / (double)derivative.shape[0];

    // With weights such that the squares only need to be added.
    private IEnumerable<Tensor> Directions(MethodStep step, Tensor logits)
    {
        long classes = logits.shape[1];
        if (classes <= MostRows)
        {
            Tensor rows = eye(classes, dtype: logits.dtype, device: logits.device);
            return Enumerable.Range(0, (int)classes).Select(k => rows.narrow(0, k, 1));
        }

        int count = settings.Whole("projections");
        Tensor directions = StepNoise.Directions(step, logits, count) / Math.Sqrt(count);
        return Enumerable.Range(0, count).Select(p => directions.select(1, p));
    }
}
