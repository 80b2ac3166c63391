using System.Runtime.InteropServices;
using KdKernels.Core;
using KdKernels.Distillation.Data.Augmenting.Operations;
using KdKernels.Distillation.Data.Mixing;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>
/// <see cref="AutoAugmentPolicy.Cifar10"/> on a normalised batch: each image gets one of the 25 sub-policies. The operations are
/// defined on bytes, so the batch is turned back into them, exactly where it was made of bytes; what a cutout set to the mean
/// becomes the byte next to it.
/// </summary>
/// <remarks>The operations run on the CPU: this waits for the device once per batch, for its bytes.</remarks>
public sealed class AutoAugment : IBatchAugmentation
{
    private readonly ChannelStatistics statistics;
    private readonly float[][] tables;

    /// <param name="statistics">By which the images are normalised: of one channel, or of three.</param>
    /// <exception cref="ArgumentException">Of another number of channels.</exception>
    public AutoAugment(ChannelStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ImageOperations.RequireChannels(statistics.Mean.Count);
        this.statistics = statistics;
        tables = PixelTable.Of(statistics);
    }

    /// <inheritdoc/>
    public Tensor Augment(Tensor images, MixingKey key)
    {
        ArgumentNullException.ThrowIfNull(images);
        MixingShape.Require(images, statistics);
        using DisposeScope scope = NewDisposeScope();
        using var noGrad = no_grad();
        var shape = new ImageShape((int)images.shape[1], (int)images.shape[2], (int)images.shape[3]);
        Tensor bytes = Bytes(images);
        Tensor changed = empty(images.shape, dtype: ScalarType.Float32);
        Span<float> output = MemoryMarshal.Cast<byte, float>(changed.bytes);
        byte[] image = new byte[shape.ByteCount];
        byte[] other = new byte[shape.ByteCount];
        for (int row = 0; row < images.shape[0]; row++)
        {
            bytes.bytes.Slice(row * shape.ByteCount, shape.ByteCount).CopyTo(image);
            foreach ((ImageOperation operation, double value) in Draw(key, row, shape))
            {
                ImageOperations.Apply(operation, value, shape, image, other);
                (image, other) = (other, image);
            }

            for (int i = 0; i < image.Length; i++)
            {
                output[row * image.Length + i] = tables[i / shape.PixelCount][image[i]];
            }
        }

        return changed.to(images.dtype).to(images.device).MoveToOuterDisposeScope();
    }

    /// <summary>What an image gets: none, one or two operations with their values.</summary>
    internal static IReadOnlyList<(ImageOperation Operation, double Value)> Draw(MixingKey key, int row, ImageShape shape)
    {
        PhiloxSequence random = ImageStream.Of(key, RandomPurpose.AutoAugment, row);
        (PolicyStep first, PolicyStep second) = AutoAugmentPolicy.Cifar10[random.NextInt32(AutoAugmentPolicy.Cifar10.Count)];
        List<(ImageOperation, double)> drawn = [];
        foreach (PolicyStep step in (ReadOnlySpan<PolicyStep>)[first, second])
        {
            bool applied = random.NextDouble() < step.Probability;
            bool negative = random.NextInt32(2) == 0;
            if (applied)
            {
                drawn.Add((step.Operation, AutoAugmentPolicy.Value(step.Operation, step.Level, shape, negative)));
            }
        }

        return drawn;
    }

    /// <summary>uint8 <c>[B, C, H, W]</c> on the CPU.</summary>
    private Tensor Bytes(Tensor images)
    {
        Tensor mean = Channels(statistics.Mean, images);
        Tensor deviation = Channels(statistics.StandardDeviation, images);
        return ((images * deviation + mean) * 255).round().clamp(0, 255).to(ScalarType.Byte).cpu().contiguous();
    }

    private static Tensor Channels(IReadOnlyList<double> values, Tensor images) =>
        tensor(values.ToArray(), [1, values.Count, 1, 1]).to(images.dtype).to(images.device);
}
