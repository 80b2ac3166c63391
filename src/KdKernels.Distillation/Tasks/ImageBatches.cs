using System.Runtime.InteropServices;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Batches of images.</summary>
internal sealed class ImageBatches : IBatches
{
    private readonly ImageSet images;
    private readonly Augmentation augmentation;
    private readonly Device device;

    private ImageBatches(ImageSet images, Augmentation augmentation, BatchPlan plan, Device device)
    {
        this.images = images;
        this.augmentation = augmentation;
        this.device = device;
        Plan = plan;
    }

    public BatchPlan Plan { get; }

    /// <summary>Shuffled and augmented.</summary>
    public static ImageBatches Training(
        ImageSet images, ChannelStatistics statistics, AugmentRecipe augment, int batchSize, long seed, Device device)
    {
        var options = new AugmentationOptions
        {
            CropPadding = augment.Crop,
            FlipProbability = augment.Flip ? 0.5 : 0,
            CutoutSize = augment.Cutout,
        };
        return new ImageBatches(
            images, new Augmentation(options, statistics, (ulong)seed), Shuffled(images.Count, batchSize, seed), device);
    }

    /// <summary>In the order of the set, as they are; <paramref name="statistics"/> are the training set's.</summary>
    public static ImageBatches Evaluation(ImageSet images, ChannelStatistics statistics, int batchSize, Device device) =>
        new(images, Augmentation.NormalizeOnly(statistics), BatchPlan.Sequential(images.Count, batchSize), device);

    /// <summary>A shuffled plan without the single item that an epoch may end with: batch norm cannot train on it.</summary>
    public static BatchPlan Shuffled(int count, int batchSize, long seed) =>
        new(count, batchSize, (ulong)seed, shuffle: true, dropLast: count % batchSize == 1);

    /// <summary>Images <c>[B, C, H, W]</c>, normalised, and labels <c>[B]</c>, on the device.</summary>
    public Batch Load(ReadOnlySpan<int> indices, int epoch)
    {
        Tensor batch = empty([indices.Length, images.Channels, images.Height, images.Width], dtype: ScalarType.Float32);
        augmentation.Fill(images, indices, epoch, MemoryMarshal.Cast<byte, float>(batch.bytes));
        Tensor labels = empty([indices.Length], dtype: ScalarType.Int64);
        images.CopyLabels(indices, MemoryMarshal.Cast<byte, long>(labels.bytes));
        return new Batch(batch.to(device), labels.to(device), Positions(indices).to(device));
    }

    /// <summary>Indices as an int64 tensor <c>[B]</c>.</summary>
    public static Tensor Positions(ReadOnlySpan<int> indices)
    {
        Tensor positions = empty([indices.Length], dtype: ScalarType.Int64);
        Span<long> values = MemoryMarshal.Cast<byte, long>(positions.bytes);
        for (int i = 0; i < indices.Length; i++)
        {
            values[i] = indices[i];
        }

        return positions;
    }
}
