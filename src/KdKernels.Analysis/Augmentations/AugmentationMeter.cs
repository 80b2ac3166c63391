using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Augmenting;
using KdKernels.Distillation.Data.Mixing;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Mixing;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Augmentations;

/// <summary>
/// Measures, before any training, how good an augmentation is for distillation from a teacher (Wang, Lohit, Jones and Fu 2022,
/// sections 3 and 4): the less a set's mean teacher probability varies from set to set, the better.
/// </summary>
/// <remarks>
/// <para>A set is n distinct images, taken from a shuffled epoch without replacement and then from the next one, and the same
/// n images changed by the augmentation, batch by batch. With p = softmax(z_t) at T = 1, a set's vector is the mean of p over
/// its 2n rows; T.stddev is the unbiased standard deviation of these vectors over the sets, mean over classes. Under the
/// identity the second half repeats the first, so that a teacher that is always sure gives √(p (1 − p) / n). Because an epoch
/// is drawn without replacement the law holds for sets that are small against the images: over many epochs the deviation is
/// smaller by √(1 − n / N).</para>
/// <para>With a student, e = −p_t · log p_s of each row is measured too, see <see cref="CrossEntropyMoments"/>. Its
/// covariance is estimated over all draws of images and changes together: pairs that two sets have in common are counted in
/// both.</para>
/// <para>Both networks are frozen and in evaluation mode, and are put back as they were. Everything is kept on the device in
/// float64, O(K) numbers, and read once at the end; only AutoAugment waits for the device in between.</para>
/// </remarks>
public static class AugmentationMeter
{
    /// <summary>Measures one augmentation.</summary>
    /// <param name="teacher">Images <c>[B, C, H, W]</c> to logits <c>[B, K]</c>.</param>
    /// <param name="student">Likewise, of the same classes; null leaves the cross-entropy out.</param>
    /// <param name="images">What the originals are drawn from.</param>
    /// <param name="statistics">By which the networks' inputs are normalised.</param>
    /// <param name="augmentation">One of <see cref="BatchAugmentations.Names"/>.</param>
    /// <param name="settings">How much to look at.</param>
    /// <param name="cancellation">Looked at before each set.</param>
    /// <exception cref="ArgumentException">There is no such augmentation, it is not for such images, it needs a student, or there
    /// are fewer images than a set has.</exception>
    public static AugmentationMeasure Measure(
        nn.Module<Tensor, Tensor> teacher,
        nn.Module<Tensor, Tensor>? student,
        ImageSet images,
        ChannelStatistics statistics,
        string augmentation,
        AugmentationMeterSettings settings,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(statistics);
        ArgumentNullException.ThrowIfNull(settings);
        AugmentedHalf half = AugmentedHalf.Named(augmentation, statistics);
        if (half.NeedsStudent && student is null)
        {
            throw new ArgumentException($"{augmentation} asks a student: expected one but got none", nameof(student));
        }

        if (settings.SetSize > images.Count)
        {
            throw new ArgumentException(
                $"expected at least {settings.SetSize} images, as a set has, but '{images.Name}' has {images.Count}",
                nameof(images));
        }

        using DisposeScope scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var frozenTeacher = new EvaluationMode(teacher);
        using EvaluationMode? frozenStudent = student is null ? null : new EvaluationMode(student);
        using var sums = new SetSums(settings.SetSize);
        Device device = teacher.parameters().FirstOrDefault()?.device ?? CPU;
        var batches = ImageBatches.Training(
            images, statistics, settings.Training, settings.BatchSize, settings.Seed, device);
        var plan = new BatchPlan(images.Count, settings.SetSize, (ulong)settings.Seed, dropLast: true);
        int[] order = [];
        uint step = 0;
        for (int set = 0; set < settings.Sets; set++)
        {
            cancellation.ThrowIfCancellationRequested();
            (int epoch, int place) = Math.DivRem(set, plan.StepsPerEpoch);
            order = place == 0 ? plan.Order(epoch) : order;
            foreach (int[] indices in order.Skip(place * settings.SetSize).Take(settings.SetSize).Chunk(settings.BatchSize))
            {
                using DisposeScope inner = NewDisposeScope();
                Tensor originals = batches.Load(indices, epoch).Inputs;
                AugmentedBatch changed = half.Of(
                    originals, new MixingKey((ulong)settings.Seed, step++), teacher, student, fused: true);
                Rows first = Rows.Of(teacher.call(originals), student?.call(originals));
                sums.Add(first, Rows.Of(changed.TeacherLogits, student?.call(changed.Images)), changed.Origins);
            }

            sums.EndSet();
        }

        return sums.Measure(augmentation, settings.Sets);
    }
}
