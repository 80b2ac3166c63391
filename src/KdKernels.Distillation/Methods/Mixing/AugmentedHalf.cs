using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Augmenting;
using KdKernels.Distillation.Data.Mixing;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Mixing;

/// <summary>The second half of a step: the batch changed by an augmentation, and what the teacher says of it.</summary>
internal sealed class AugmentedHalf
{
    private readonly IBatchAugmentation? augmentation;
    private readonly MixturePicker? picker;
    private readonly bool byTeacher;

    /// <summary>Mixtures that the teacher or the student chooses.</summary>
    public AugmentedHalf(MixturePicker picker, bool byTeacher)
    {
        this.picker = picker;
        this.byTeacher = byTeacher;
    }

    private AugmentedHalf(IBatchAugmentation augmentation) => this.augmentation = augmentation;

    /// <summary>By a name of <see cref="BatchAugmentations"/>; those that pick keep as many of two runs' mixtures as the
    /// batch has images.</summary>
    /// <exception cref="ArgumentException">There is no such augmentation, or it is not for such images.</exception>
    public static AugmentedHalf Named(string name, ChannelStatistics statistics) => BatchAugmentations.Picks(name)
        ? new AugmentedHalf(new MixturePicker(runs: 2, pick: 0), name == BatchAugmentations.CutMixPickTeacher)
        : new AugmentedHalf(BatchAugmentations.Create(name, statistics));

    /// <summary>Whether the student has to be asked.</summary>
    public bool NeedsStudent => picker is not null && !byTeacher;

    /// <summary>Makes it. No gradient.</summary>
    /// <param name="images">The batch <c>[B, C, H, W]</c>.</param>
    /// <param name="key">Equal keys give equal halves.</param>
    /// <param name="teacher">In evaluation mode. As the picker it does not run on the picked images again.</param>
    /// <param name="student">Null where it need not be asked.</param>
    /// <param name="fused">Kernel or composed operations.</param>
    public AugmentedBatch Of(
        Tensor images, MixingKey key, nn.Module<Tensor, Tensor> teacher, nn.Module<Tensor, Tensor>? student, bool fused)
    {
        using var noGrad = no_grad();
        if (picker is null)
        {
            Tensor changed = augmentation!.Augment(images, key);
            return new AugmentedBatch(changed, teacher.call(changed), Origins: null);
        }

        PickedMixtures picked = picker.Pick(images, key, byTeacher ? teacher : student!, fused);
        return new AugmentedBatch(
            picked.Images, byTeacher ? picked.Logits : teacher.call(picked.Images), picked.Origins);
    }
}

/// <summary>A changed batch.</summary>
/// <param name="Images"><c>[P, C, H, W]</c>; P is B unless a picker keeps another number.</param>
/// <param name="TeacherLogits"><c>[P, K]</c>, on these images.</param>
/// <param name="Origins">Int64 <c>[P]</c>: the place in the batch of the image that each was made from; null where that is
/// its own place.</param>
internal sealed record AugmentedBatch(Tensor Images, Tensor TeacherLogits, Tensor? Origins);
