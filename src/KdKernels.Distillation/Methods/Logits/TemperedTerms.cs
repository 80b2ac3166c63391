using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Logits;

/// <summary>The tempered divergence as methods need it.</summary>
internal static class TemperedTerms
{
    /// <summary><c>T² KL(teacher ‖ student)</c> on the batch's rows of class logits. The fused op computes the labels' part in
    /// the same read, where there is one.</summary>
    /// <param name="step">Takes the labels from it, or leaves them.</param>
    /// <param name="name">The term's.</param>
    /// <param name="temperature">T.</param>
    /// <param name="weight">The term's.</param>
    public static LossTerm WithLabels(MethodStep step, string name, double temperature, double weight)
    {
        Tensor student = step.Task.ClassRows(step.Student.Output);
        Tensor teacher = step.Task.ClassRows(step.Teacher.Output);
        double labels = step.Fused && step.LabelWeight > 0 && step.Task.HasRowLabels ? step.TakeLabels() : 0;
        if (labels == 0)
        {
            return new LossTerm(name, Divergence(step.Ops, student, teacher, temperature), weight);
        }

        // One read for both: the op mixes with weights that add up to 1.
        double sum = labels + weight;
        HintonLossResult result = KdFunctional.HintonLoss(
            student, teacher, step.Task.LabelRows(step.Batch.Labels), temperature, weight / sum, KdReduction.BatchMean);
        step.CrossEntropy = result.CrossEntropy;
        if (step.Task.RowsAreItems)
        {
            step.Hits = result.Top1Hits;
            step.Agreements = result.Agreement;
        }

        return new LossTerm(name, result.Kl, weight, sum == 1 ? result.Loss : result.Loss * sum);
    }

    /// <summary><c>T² KL(teacher ‖ student)</c>, the mean over the rows that count.</summary>
    /// <param name="ops">Kernel or composed operations.</param>
    /// <param name="student">Logits <c>[R, K]</c>.</param>
    /// <param name="teacher">Logits <c>[R, K]</c>.</param>
    /// <param name="temperature">T.</param>
    /// <param name="keep">bool <c>[R]</c>: the rows that count; null for all. If none does, the value is 0.</param>
    public static Tensor Divergence(
        DistillOps ops, Tensor student, Tensor teacher, double temperature, Tensor? keep = null)
    {
        // A mean over no rows would be NaN, and the training over; whether there are any is known on the device only.
        KdReduction reduction = keep is null ? KdReduction.BatchMean : KdReduction.Sum;
        Tensor? marks = keep?.to(ScalarType.Int64);
        Tensor value = ops == DistillOps.Fused
            ? KdFunctional.TemperedKl(student, teacher, temperature, reduction, labels: marks, ignoreIndex: 0)
            : TemperedKlComposed.Loss(
                student, teacher, new TemperedKlOptions(temperature, reduction) { Labels = marks, IgnoreIndex = 0 });
        return marks is null ? value : value / marks.sum().clamp_min(1);
    }
}
