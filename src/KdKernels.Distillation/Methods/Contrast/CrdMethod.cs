using KdKernels.Core;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Contrast;

/// <summary>Contrastive representation distillation.</summary>
internal sealed class CrdMethod : DistillationMethod
{
    private const string Exact = "exact";

    private readonly MethodSettings settings;
    private readonly string studentLayer;
    private readonly string teacherLayer;
    private readonly CrdParts parts;
    private readonly CrdNegatives negatives;
    private readonly int count;
    private readonly double tau;

    // What the optimiser's step leaves for the banks.
    private (Tensor Rows, Tensor Student, Tensor Teacher)? seen;

    private CrdMethod(MethodContext context)
    {
        settings = context.Settings;
        tau = settings.Real("tau");
        studentLayer = context.LayerOrFeatures("student-layer", ofTeacher: false);
        teacherLayer = context.LayerOrFeatures("teacher-layer", ofTeacher: true);
        (negatives, count) = Negatives(context);
        parts = new CrdParts(
            Count(context.StudentShape(studentLayer)),
            Count(context.TeacherShape(teacherLayer)),
            settings.Whole("dimension"),
            context.Task.TrainCount,
            context.Seed);
    }

    public static MethodDefinition Definition { get; } = new()
    {
        Name = "crd",
        Summary = "tell the teacher's embedding of an image from those of other images, and the student's likewise",
        Paper = "Tian, Krishnan and Isola 2020, Contrastive Representation Distillation, section 3.2",
        Description =
            """
            Each network's features become an embedding of D = 128 numbers and unit length, v = (W f + b) / ‖W f + b‖; both W train. Two
            banks of n rows, one per training image, keep what each network said of it last. For a student's embedding v `[B, D]`, its image's row
            m_0 of the teacher's bank and K rows m_k of other images:

            `x_k = e^(v·m_k/τ) / Z`, `c = K / n`, `L_s = −(1/B) Σ_n [log x_0/(x_0 + c) + Σ_k log c/(x_k + c)]`

            L_t is the same with the teacher's embeddings against the student's bank and the same negatives;
            `L = labels · CE + weight · (L_s + L_t)`. The sum over K is no mean, so that the term is large at first.

            `mode: exact` draws negatives of other classes only, `relax` all but the image itself; drawn with replacement from
            (seed, step, image), the same on every device, by the kernel while it uses them: no `[B, K]` of indices and no `[B, K, D]` of rows exists.
            K is `negatives`, or less where the training set has fewer rows to choose from: n minus the largest class, or n − 1.

            Z is n times the mean of e^(v·m/τ) on the first batch, kept for good, one for each direction. After the
            optimiser's step the rows of the batch become (m·row + (1 − m)·v), normalised, with momentum m = 0.5. Banks and Z are in
            checkpoints.

            Defaults (K = 16384, τ = 0.07, m = 0.5, D = 128, weight 0.8, exact) are the paper's and RepDistiller's. The code's ε = 1e-7 in
            the denominators, which the paper does not have, is left out: sums are in the log domain. They are made for hundreds of epochs:
            rows move once per epoch, and until they have, the term pulls all embeddings about. In a training of a few epochs take a weight
            of 0.1 or less.

            Defects elsewhere: the reference asks the GPU for values five times per step, keeps Z as float32 next to K, builds
            K indices per image on the CPU, and its workers may repeat each other's random numbers; mdistiller expects features of 256 numbers
            whatever the networks; torchdistill's path without given indices cannot run.
            """,
        Settings =
        [
            MethodSetting.Weight("weight", 0.8, "β: factor of the term"),
            MethodSetting.Whole("negatives", 16384, 1, "K: other images that each is told from, at most as many as there are"),
            MethodSetting.Choice("mode", [Exact, "relax"], "negatives of other classes only, or any other image"),
            MethodSetting.Real(
                "tau", 0.07, number => number is >= 1e-3 and <= 1e3, "a number from 0.001 to 1000", "τ: divides the similarities"),
            MethodSetting.Real(
                "momentum", 0.5, number => number is >= 0 and <= 1, "a number from 0 to 1", "m: what a bank's row keeps of itself"),
            MethodSetting.Whole("dimension", 128, 1, "D: numbers of an embedding", 1024),
            MethodSetting.Text("student-layer", "", "a layer of the student", "the student's layer; empty: its features"),
            MethodSetting.Text("teacher-layer", "", "a layer of the teacher", "the teacher's layer; empty: its features"),
        ],
        Teacher = TeacherNeed.AnyClasses,
        Contract = static settings =>
        [
            new(
                "crd", "Σ_n [softplus(−a_0) + Σ_k softplus(a_k)] in both directions, a_k = v·m_k/τ − log Z − log(K/n)", "B", 0,
                settings.ToWords("weight"), "weight (−σ(−a_0) m_0 + Σ_k σ(a_k) m_k) / (τ B) for v", "banks, Z"),
        ],
        Create = static context => new CrdMethod(context),
    };

    public override IReadOnlyList<string> StudentTaps => [studentLayer];

    public override IReadOnlyList<string> TeacherTaps => [teacherLayer];

    public override nn.Module Parts => parts;

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        // Of the batch's own images: turned ones that another method may have added have no row.
        Tensor student = parts.OfStudent(step.Student.Tap(studentLayer));
        Tensor teacher = parts.OfTeacher(step.Teacher.Tap(teacherLayer));
        Tensor rows = step.Batch.Indices;
        var draws = new CrdDraws(negatives, unchecked((uint)step.Step), count);
        CrdMemory memory = parts.Memory;
        Tensor? given = step.Fused ? null : draws.ToTensor(rows);
        Tensor loss = Direction(student, memory.TeacherBank, 0) + Direction(teacher, memory.StudentBank, 1);
        seen = (rows, student.detach(), teacher.detach());
        return [new LossTerm("crd", loss, settings.Scheduled("weight").At(step.Epoch))];

        Tensor Direction(Tensor anchors, Tensor bank, long side)
        {
            Tensor normalizer = memory.NormalizerAt(side);
            KdFunctional.CrdEstimateNormalizer(normalizer, anchors.detach(), bank, rows, draws, tau, onlyIfZero: true);
            return given is null
                ? KdFunctional.CrdContrast(anchors, bank, rows, draws, tau, normalizer, KdReduction.BatchMean)
                : CrdContrastComposed.Loss(
                    anchors, bank, rows, given, new CrdContrastOptions(tau, 1, KdReduction.BatchMean), normalizer);
        }
    }

    public override void StepDone(MethodStep step)
    {
        if (seen is { } batch)
        {
            parts.Memory.Update(batch.Rows, batch.Student, batch.Teacher, settings.Real("momentum"));
            seen = null;
        }
    }

    private static (CrdNegatives Negatives, int Count) Negatives(MethodContext context)
    {
        int rows = context.Task.TrainCount;
        int wanted = context.Settings.Whole("negatives");
        if (context.Settings.Text("mode") != Exact)
        {
            return (new CrdNegatives(context.Seed, rows), Math.Min(wanted, rows - 1));
        }

        IReadOnlyList<int> labels = context.Task.TrainLabels
            ?? throw context.Refuse(
                $"expected items of one class each for negatives of other classes but {context.Task.TrainName} has none: "
                + "mode: relax does without",
                "mode");
        int largest = labels.CountBy(label => label).Max(entry => entry.Value);
        return largest == rows
            ? throw context.Refuse(
                $"expected training items of two classes at least but all {rows} of {context.Task.TrainName} have the same", "mode")
            : (new CrdNegatives(context.Seed, [.. labels.Select(label => (long)label)]), Math.Min(wanted, rows - largest));
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);
}
