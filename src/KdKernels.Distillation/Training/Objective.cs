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
        double value = loss.item<float>();
        long hits = logits.detach().argmax(1).eq(labels).sum().item<long>();
        return new BatchLoss(loss, new LossTerms(value, value, null), hits, 0, null, null, null);
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
        HintonLossResult result = KdFunctional.HintonLoss(
            logits, teacherLogits, labels, temperature, alpha, KdReduction.BatchMean);
        var terms = new LossTerms(
            result.Loss.item<float>(), result.CrossEntropy.item<double>(), result.Kl.item<double>());
        return new BatchLoss(
            result.Loss,
            terms,
            result.Top1Hits.item<long>(),
            result.Agreement.item<long>(),
            temperature,
            alpha,
            teacherLogits);
    }
}
