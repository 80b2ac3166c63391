using System.Runtime.InteropServices;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>Batches of a set as tensors. Which images and how they are changed is a function of (seed, epoch,
/// step).</summary>
internal sealed class BatchLoader
{
    private readonly ImageSet images;
    private readonly Augmentation augmentation;
    private readonly Device device;

    private BatchLoader(ImageSet images, Augmentation augmentation, BatchPlan plan, Device device)
    {
        this.images = images;
        this.augmentation = augmentation;
        this.device = device;
        Plan = plan;
    }

    public BatchPlan Plan { get; }

    /// <summary>Shuffled and augmented.</summary>
    public static BatchLoader Training(ImageSet images, AugmentRecipe augment, int batchSize, long seed, Device device)
    {
        var options = new AugmentationOptions
        {
            CropPadding = augment.Crop,
            FlipProbability = augment.Flip ? 0.5 : 0,
            CutoutSize = augment.Cutout,
        };
        // Batch norm cannot train on the single image that an epoch may end with.
        bool dropLast = images.Count % batchSize == 1;
        var plan = new BatchPlan(images.Count, batchSize, (ulong)seed, shuffle: true, dropLast);
        return new BatchLoader(images, new Augmentation(options, images.Statistics, (ulong)seed), plan, device);
    }

    /// <summary>In the order of the set, as they are; <paramref name="statistics"/> are the training set's.</summary>
    public static BatchLoader Evaluation(ImageSet images, ChannelStatistics statistics, int batchSize, Device device) =>
        new(images, Augmentation.NormalizeOnly(statistics), BatchPlan.Sequential(images.Count, batchSize), device);

    /// <summary>Images <c>[B, C, H, W]</c>, normalised, and labels <c>[B]</c>, on the device.</summary>
    public (Tensor Images, Tensor Labels) Load(ReadOnlySpan<int> indices, int epoch)
    {
        Tensor batch = empty([indices.Length, images.Channels, images.Height, images.Width], dtype: ScalarType.Float32);
        augmentation.Fill(images, indices, epoch, MemoryMarshal.Cast<byte, float>(batch.bytes));
        Tensor labels = empty([indices.Length], dtype: ScalarType.Int64);
        images.CopyLabels(indices, MemoryMarshal.Cast<byte, long>(labels.bytes));
        return (batch.to(device), labels.to(device));
    }
}
