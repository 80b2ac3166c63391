using System.Runtime.InteropServices;
using KdKernels.Core;
using KdKernels.Distillation.Data.Mixing;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>
/// A mirrored image with probability one half, of a window that is moved by up to H/8 pixels (4 of 32) where it crops; what
/// lies outside is black, byte 0, as torchvision's RandomCrop pads.
/// </summary>
/// <param name="statistics">They say what black is after normalisation.</param>
/// <param name="crop">False: flip only.</param>
public sealed class CropFlipAugmentation(ChannelStatistics statistics, bool crop) : IBatchAugmentation
{
    /// <inheritdoc/>
    /// <remarks>One gather on the device; its places are drawn on the CPU, nothing waits.</remarks>
    public Tensor Augment(Tensor images, MixingKey key)
    {
        ArgumentNullException.ThrowIfNull(images);
        MixingShape.Require(images, statistics);
        (int rows, int channels) = ((int)images.shape[0], (int)images.shape[1]);
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        using DisposeScope scope = NewDisposeScope();
        double[] black = [.. statistics.Mean.Zip(statistics.StandardDeviation, (mean, deviation) => -mean / deviation)];
        Tensor padding = tensor(black, [1, channels, 1]).to(images.dtype).to(images.device).expand(rows, channels, 1);
        Tensor pixels = cat([images.reshape(rows, channels, height * width), padding], 2);
        Tensor places = empty([rows, 1, height * width], int64);
        WritePlaces(MemoryMarshal.Cast<byte, long>(places.bytes), height, width, key);
        Tensor moved = pixels.gather(2, places.to(images.device).expand(rows, channels, height * width));
        return moved.view(rows, channels, height, width).MoveToOuterDisposeScope();
    }

    /// <summary>Padding of a random crop.</summary>
    internal static int Padding(int extent) => Math.Max(1, extent / 8);

    /// <summary>What an image gets: the source's offset, and whether it is mirrored.</summary>
    internal (int Top, int Left, bool Flip) Draw(MixingKey key, int row, int height, int width)
    {
        // The same numbers are read whether or not it crops, so that both mirror the same images.
        PhiloxSequence random = ImageStream.Of(key, RandomPurpose.BatchAugmentation, row);
        (int vertical, int horizontal) = (Padding(height), Padding(width));
        int top = random.NextInt32(2 * vertical + 1) - vertical;
        int left = random.NextInt32(2 * horizontal + 1) - horizontal;
        bool flip = random.NextDouble() < 0.5;
        return crop ? (top, left, flip) : (0, 0, flip);
    }

    /// <summary>The source pixel of each pixel; H·W stands for black.</summary>
    private void WritePlaces(Span<long> places, int height, int width, MixingKey key)
    {
        for (int row = 0; row < places.Length / (height * width); row++)
        {
            (int top, int left, bool flip) = Draw(key, row, height, width);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    (int sourceY, int sourceX) = (y + top, (flip ? width - 1 - x : x) + left);
                    bool inside = (uint)sourceY < (uint)height && (uint)sourceX < (uint)width;
                    places[(row * height + y) * width + x] = inside ? sourceY * width + sourceX : height * width;
                }
            }
        }
    }
}
