using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>Matching of derivatives by the input: one row of the Jacobian, noisy logits, or Jacobian-vector products.</summary>
internal sealed class JacobianMethod(MethodSettings settings) : DistillationMethod
{
    private const string Row = "row";
    private const string Noise = "noise";
    private const string Jvp = "jvp";
    private const string OfTeacher = "teacher";

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "jacobian",
        Summary = "the derivative of the logits by the image is matched: a row of the Jacobian, or along random directions",
        Paper = "Srinivas and Fleuret 2018, Knowledge Transfer with Jacobian Matching, sections 3 and 4",
        Description =
            """
            With J = ∂z/∂x of shape `[N, K, D]`, D the elements of an image as the network sees it (normalised):

            - `form: row`: j = J_c `[N, D]`, c the label or, with `index: teacher`, the teacher's first largest logit; the same
              c for both networks. One more backward pass per network, the student's differentiable. With `normalise`
              `(1/N) Σ_n ‖ĵ_s − ĵ_t‖² = (1/N) Σ_n (2 − 2 cos(j_s, j_t))`, every image with its own norms; without,
              `(1/N) Σ_n Σ_d (j_s − j_t)²`.
            - `form: jvp`: M `tangents` v ~ N(0, I_D) per image, the same for both networks, and ẏ = J v `[N, M, K]` by one forward
              pass over dual numbers. With `normalise` `(1/N) Σ_n (2 − 2 cos(ẏ_s, ẏ_t))` with the norm over M and K together; without,
              `(1/(N·M)) Σ (ẏ_s − ẏ_t)²`, whose expectation is `(1/N) Σ_n ‖J_s − J_t‖²`, the Frobenius norm. `ops: composed` differentiates
              twice instead, M more backward passes.
            - `form: noise`: ξ ~ N(0, σ² I), the same for both networks: `(1/(2·N·K)) Σ_n Σ_k (z_s(x + ξ) − z_t(x + ξ))²`. By proposition 1
              the expectation of the sum over k is `‖z_s − z_t‖² + σ² ‖J_s − J_t‖²` up to σ⁴, and exactly that while both networks are
              affine within reach of the noise. The squared distance of the logits is part of it; nothing is subtracted, and `activations`
              adds to it. 2K is no part of the proposition: with it a weight of 1 is the default of `logits` at ten classes, without it usual learning rates diverge.

            `activations` is the weight of `(1/N) Σ_n ½ ‖z_s − z_t‖²`, the "match activations" of the paper's tables; with the labels'
            cross-entropy the default is its row of all three, and 0 gives cross-entropy and Jacobians. Its default is that of `logits`.

            Derivatives come from a forward pass of its own with the student in evaluation mode: batch norm in training mode mixes the images of a
            batch in J. `activations` and form noise take no derivative by the image. The first reads the logits of the ordinary pass, the
            second a pass of its own in training mode, with its own batch's statistics: in evaluation mode logits are made with statistics of
            the past, and regression on them diverges unless its weight is small. So J_s in the proposition is that of the whole batch's function. Running statistics stay as they are in all forms. The second derivative of a ReLU network by its input is 0 almost everywhere:
            the gradient reaches the weights through their products, and not through the masks.

            The paper gives neither a weight nor a size of the noise; the defaults are this library's. Seen elsewhere, and not repeated: a penalty without
            create_graph, which trains nothing; `onehot[:, argmax] = 1`, which marks the classes of all images in every row, and
            `view(-1)[argmax] = 1`, which writes into the first row only; one norm for the whole batch; a row for the student's own
            largest logit against another one of the teacher.
            """,
        Settings =
        [
            MethodSetting.Choice("form", [Row, Noise, Jvp], "what is matched"),
            MethodSetting.Choice("index", ["label", OfTeacher], "c, the class of form row: the label's, or the teacher's largest logit"),
            MethodSetting.Flag("normalise", true, "2 − 2 cos instead of the squared distance; not for form noise"),
            MethodSetting.Whole("tangents", 4, 1, "M: random directions per image of form jvp"),
            MethodSetting.Real(
                "sigma", 0.1, number => number > 0 && double.IsFinite(number), "a deviation above 0",
                "σ: deviation of the noise of form noise, on normalised images"),
            MethodSetting.Weight("weight", 1, "factor of the term"),
            MethodSetting.Weight("activations", 0.1, "factor of the squared distance of the logits"),
        ],
        Task = ImageClassification.KindName,
        Contract = Contract,
        Create = Create,
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        Tensor loss = settings.Text("form") switch
        {
            Row => Rows(step),
            Noise => NoisyLogits(step),
            _ => Products(step),
        };
        var matched = new LossTerm(settings.Text("form"), loss, settings.Scheduled("weight").At(step.Epoch));
        double activations = settings.Scheduled("activations").At(step.Epoch);
        return activations > 0
            ?
            [
                matched,
                new LossTerm(
                    "activations", Matching.Squared(step, step.Student.Output, step.Teacher.Output, half: true), activations),
            ]
            : [matched];
    }

    private Tensor Rows(MethodStep step)
    {
        using var evaluation = new EvaluationMode(step.Student.Network);
        Tensor images = InputGradient.Leaf(step.Batch.Inputs);
        Tensor taught = step.Teacher.Network.call(images);
        Tensor classes = string.Equals(settings.Text("index"), OfTeacher, StringComparison.Ordinal)
            ? taught.detach().argmax(1)
            : step.Batch.Labels;
        Tensor teacher = InputGradient.Row(taught, classes, images, trains: false);
        Tensor student = InputGradient.Row(step.Student.Network.call(images), classes, images, trains: true);
        return Distance(step, student, teacher);
    }

    private Tensor Products(MethodStep step)
    {
        using var evaluation = new EvaluationMode(step.Student.Network);
        int count = settings.Whole("tangents");
        Tensor images = step.Batch.Inputs;
        Tensor tangents = StepNoise.Normals(step, images, count);
        Tensor student;
        Tensor teacher;
        if (step.Fused)
        {
            (_, student) = Dual.Jvp(step.Student.Network, images, tangents);
            using var noGrad = no_grad();
            (_, teacher) = Dual.Jvp(step.Teacher.Network, images, tangents);
        }
        else
        {
            student = TwiceBackward(step.Student.Network, images, tangents, trains: true);
            teacher = TwiceBackward(step.Teacher.Network, images, tangents, trains: false);
        }

        Tensor loss = Distance(step, student, teacher);
        return settings.Flag("normalise") ? loss : loss / count;
    }

    // The products with a row vector u are linear in u; their derivative by u along v is J v.
    private static Tensor TwiceBackward(
        nn.Module<Tensor, Tensor> network, Tensor inputs, Tensor tangents, bool trains)
    {
        Tensor images = InputGradient.Leaf(inputs);
        Tensor logits = network.call(images);
        Tensor row = zeros_like(logits).requires_grad_();
        Tensor products = autograd.grad([logits], [images], [row], retain_graph: true, create_graph: true)[0];
        Tensor[] along =
        [
            .. Enumerable.Range(0, (int)tangents.shape[1]).Select(k => autograd.grad(
                [products], [row], [tangents.select(1, k)], retain_graph: true, create_graph: trains)[0]),
        ];
        return stack(along, 1);
    }

    private Tensor NoisyLogits(MethodStep step)
    {
        Tensor noisy = StepNoise.Added(step, step.Batch.Inputs, settings.Real("sigma"));
        Tensor teacher;
        using (no_grad())
        {
            teacher = step.Teacher.Network.call(noisy);
        }

        // No derivative by the image is taken. In evaluation mode this regression diverges unless its weight is small.
        using var frozen = new FrozenStatistics(step.Student.Network);
        return Matching.Squared(step, step.Student.Network.call(noisy), teacher, half: true) / teacher.shape[1];
    }

    private Tensor Distance(MethodStep step, Tensor student, Tensor teacher) => settings.Flag("normalise")
        ? Matching.Normalised(step, student, teacher)
        : Matching.Squared(step, student, teacher);

    private static JacobianMethod Create(MethodContext context)
    {
        if (string.Equals(context.Settings.Text("form"), Jvp, StringComparison.Ordinal))
        {
            Require(context, context.Student, context.StudentModel, "student");
            Require(context, context.Teacher.Network, context.Teacher.Model, "teacher");
        }

        return new JacobianMethod(context.Settings);
    }

    private static void Require(MethodContext context, nn.Module network, string model, string side)
    {
        if (network is not IDualModule)
        {
            throw context.Refuse(
                $"expected networks whose forward pass is written over dual numbers but the {side} {model} is none: "
                + "take the form row or noise",
                "form");
        }
    }

    private static IReadOnlyList<TermContract> Contract(MethodSettings settings)
    {
        bool normalise = settings.Flag("normalise");
        string weight = settings.ToWords("weight");
        const string Normalised = "weight (2 / (N ‖j_s‖)) (cos ĵ_s − ĵ_t)";
        TermContract matched = settings.Text("form") switch
        {
            Row => new(
                Row, normalise ? "Σ_n (2 − 2 cos(j_s, j_t)), j = ∂z_c/∂x" : "Σ_n Σ_d (j_s − j_t)², j = ∂z_c/∂x", "N", 0, weight,
                normalise ? Normalised : "weight 2 (j_s − j_t) / N", "j_t"),
            Noise => new(
                Noise, "Σ_n Σ_k (z_s − z_t)² at x + ξ, ξ ~ N(0, σ² I)", "2·N·K", 0, weight, "weight (z_s − z_t) / (N·K)",
                "z_t, x + ξ"),
            _ => new(
                Jvp, normalise ? "Σ_n (2 − 2 cos(j_s, j_t)), j = J v of M directions" : "Σ_n Σ_m Σ_k (j_s − j_t)², j = J v",
                normalise ? "N" : "N·M", 0, weight, normalise ? Normalised : "weight 2 (j_s − j_t) / (N·M)", "j_t, v"),
        };
        return
        [
            matched,
            new(
                "activations", "Σ_n ½ Σ_k (z_s − z_t)²", "N", 0, settings.ToWords("activations"),
                "activations (z_s − z_t) / N", "z_t"),
        ];
    }
}
