using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>The loss of one batch, ready for backward, and what was read along with it.</summary>
/// <param name="Loss">Differentiable scalar.</param>
/// <param name="Terms">Its value and parts.</param>
/// <param name="Hits">Images classified rightly.</param>
/// <param name="Agreements">Images where student and teacher choose the same class; 0 without a teacher.</param>
/// <param name="Temperature">Null without a teacher.</param>
/// <param name="Alpha">Null without a teacher.</param>
/// <param name="TeacherLogits">Null without a teacher.</param>
internal sealed record BatchLoss(
    Tensor Loss,
    LossTerms Terms,
    long Hits,
    long Agreements,
    double? Temperature,
    double? Alpha,
    Tensor? TeacherLogits);

internal static class Objective
{
    /// <summary>Cross-entropy, or <c>(1 - alpha) CE + alpha T² KL(teacher ‖ student)</c> with a teacher; means over the
    /// batch.</summary>
    /// <param name="logits">The network's, <c>[B, classes]</c>; gets the gradient.</param>
    /// <param name="images"><c>[B, C, H, W]</c>, as the network saw them: the teacher sees the same.</param>
    /// <param name="labels"><c>[B]</c>.</param>
    /// <param name="teaching">Null without a teacher.</param>
    /// <param name="epoch">Epochs done, fractional: schedules depend on it.</param>
    public static BatchLoss Of(Tensor logits, Tensor images, Tensor labels, Teaching? teaching, double epoch) =>
        teaching is null ? FromLabels(logits, labels) : FromTeacher(logits, images, labels, teaching, epoch);

    private static BatchLoss FromLabels(Tensor logits, Tensor labels)
    {
        Tensor loss = nn.functional.cross_entropy(logits, labels);
        double[] values = Read(loss, Hits(logits, labels));
        return new BatchLoss(loss, new LossTerms(values[0], values[0], null), (long)values[1], 0, null, null, null);
    }

    private static BatchLoss FromTeacher(Tensor logits, Tensor images, Tensor labels, Teaching teaching, double epoch)
    {
        Tensor teacherLogits;
        using (no_grad())
        {
            teacherLogits = teaching.Teacher.call(images);
        }

        double temperature = teaching.Distill.Temperature.At(epoch);
        double alpha = teaching.Distill.Alpha.At(epoch);
        Terms terms = teaching.Distill.Ops == DistillOps.Fused
            ? Fused(logits, teacherLogits, labels, temperature, alpha)
            : Composed(logits, teacherLogits, labels, temperature, alpha);
        double[] values = Read(terms.Loss, terms.CrossEntropy, terms.Kl, terms.Hits, terms.Agreements);
        return new BatchLoss(
            terms.Loss,
            new LossTerms(values[0], values[1], values[2]),
            (long)values[3],
            (long)values[4],
            temperature,
            alpha,
            teacherLogits);
    }

    private static Terms Fused(Tensor logits, Tensor teacherLogits, Tensor labels, double temperature, double alpha)
    {
        HintonLossResult result = KdFunctional.HintonLoss(
            logits, teacherLogits, labels, temperature, alpha, KdReduction.BatchMean);
        return new Terms(result.Loss, result.CrossEntropy, result.Kl, result.Top1Hits, result.Agreement);
    }

    private static Terms Composed(Tensor logits, Tensor teacherLogits, Tensor labels, double temperature, double alpha)
    {
        Tensor crossEntropy = nn.functional.cross_entropy(logits, labels);
        Tensor divergence = TemperedKlComposed.Loss(
            logits, teacherLogits, new TemperedKlOptions(temperature, KdReduction.BatchMean));
        Tensor agreements = logits.detach().argmax(1).eq(teacherLogits.argmax(1)).sum();
        return new Terms(
            crossEntropy * (1 - alpha) + divergence * alpha, crossEntropy, divergence, Hits(logits, labels), agreements);
    }

    private static Tensor Hits(Tensor logits, Tensor labels) => logits.detach().argmax(1).eq(labels).sum();

    // Each look at a value of a GPU waits for it, so that all are fetched together.
    private static double[] Read(params Tensor[] scalars)
    {
        using var scope = NewDisposeScope();
        Tensor[] wide = [.. scalars.Select(scalar => scalar.detach().to(ScalarType.Float64))];
        return stack(wide).cpu().data<double>().ToArray();
    }

    private sealed record Terms(Tensor Loss, Tensor CrossEntropy, Tensor Kl, Tensor Hits, Tensor Agreements);
}
