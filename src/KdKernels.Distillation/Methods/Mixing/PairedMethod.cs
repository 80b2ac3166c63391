using KdKernels.Distillation.Data.Mixing;
using KdKernels.Distillation.Methods.Logits;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Mixing;

/// <summary>Distillation on the batch and, with a weight of its own, on the batch changed: the teacher is asked about both.
/// The student's second pass is in training mode.</summary>
/// <param name="settings">With <c>temperature</c>, <c>kd-weight</c> and the second term's name followed by
/// <c>-weight</c>.</param>
/// <param name="term">The second term's name.</param>
/// <param name="half">How the batch is changed.</param>
internal abstract class PairedMethod(MethodSettings settings, string term, AugmentedHalf half) : DistillationMethod
{
    protected MethodSettings Settings => settings;

    public override IReadOnlyList<LossTerm> Terms(MethodStep step)
    {
        double temperature = settings.Scheduled("temperature").At(step.Epoch);
        LossTerm upright = TemperedTerms.WithLabels(
            step, "kd", temperature, settings.Scheduled("kd-weight").At(step.Epoch));
        AugmentedBatch changed = Changed(step);
        Tensor student = step.Student.Network.call(changed.Images);
        return
        [
            upright,
            new LossTerm(
                term,
                TemperedTerms.Divergence(step.Ops, student, changed.TeacherLogits, temperature),
                settings.Scheduled($"{term}-weight").At(step.Epoch)),
        ];
    }

    /// <summary>The images to learn from besides the batch, with the teacher's logits on them.</summary>
    internal AugmentedBatch Changed(MethodStep step) =>
        half.Of(step.Batch.Inputs, Key(step), step.Teacher.Network, step.Student.Network, step.Fused);

    protected static MixingKey Key(MethodStep step) => new(step.Seed, (uint)step.Step);
}
