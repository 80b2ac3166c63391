using System.Runtime.InteropServices;
using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Mixing;

/// <summary>
/// CutMix (Yun et al. 2019, section 3.1): one box of each image is replaced by the same box of its partner. λ ~ Beta(1, 1), the
/// box has the share 1 − λ of the area and a uniform centre; one box per batch. What of it lies outside is cut off, and λ is
/// then computed from what is left.
/// </summary>
public sealed class CutMix : IBatchMixing
{
    /// <inheritdoc/>
    public MixedBatch Mix(Tensor images, MixingKey key)
    {
        ArgumentNullException.ThrowIfNull(images);
        MixingShape.Require(images);
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        (CutMixBox box, long[] drawn) = Draw((int)images.shape[0], height, width, key);
        Tensor partners = Derangement.OnDevice(drawn, images.device);
        Tensor mixed = images.clone();
        if (box.Area > 0)
        {
            using Tensor source = box.Of(images);
            using Tensor patch = source.index_select(0, partners);
            using Tensor target = box.Of(mixed);
            target.copy_(patch);
        }

        return new MixedBatch(mixed, partners, box.ShareOutside(height, width));
    }

    /// <summary>What <see cref="Mix"/> does to a batch: the box and each image's partner.</summary>
    internal static (CutMixBox Box, long[] Partners) Draw(int rows, int height, int width, MixingKey key)
    {
        var random = new PhiloxSequence(key.Seed, RandomPurpose.CutMix, key.Step, key.Run);
        double side = Math.Sqrt(1 - random.NextDouble());
        (int boxHeight, int boxWidth) = ((int)(height * side), (int)(width * side));
        (int row, int column) = (random.NextInt32(height), random.NextInt32(width));

        // Halves are rounded down on both sides, as in the authors' code: a box of odd size is one pixel smaller.
        var box = new CutMixBox(
            Math.Max(0, row - boxHeight / 2),
            Math.Max(0, column - boxWidth / 2),
            Math.Min(height, row + boxHeight / 2),
            Math.Min(width, column + boxWidth / 2));
        return (box, Derangement.Draw(ref random, rows));
    }
}

/// <summary>A box of pixels; the ends are excluded.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CutMixBox(int Top, int Left, int Bottom, int Right)
{
    public int Area => (Bottom - Top) * (Right - Left);

    /// <summary>λ.</summary>
    public double ShareOutside(int height, int width) => 1 - (double)Area / (height * width);

    /// <summary>A view of it in <c>[B, C, H, W]</c>.</summary>
    public Tensor Of(Tensor images)
    {
        using Tensor rows = images.narrow(2, Top, Bottom - Top);
        return rows.narrow(3, Left, Right - Left);
    }
}
