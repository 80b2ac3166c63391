using KdKernels.Distillation.Data;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Tests.Augmentations;

/// <summary>Images that show their class as a grey, and a network that reads it.</summary>
internal static class MeterSample
{
    private const int GreysApart = 20;

    public static ChannelStatistics Statistics { get; } = ChannelStatistics.Identity(1);

    /// <summary>As many of each class, each image of one grey.</summary>
    public static ImageSet Greys(int count, int classes, int side = 4)
    {
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % classes)];
        byte[] pixels = [.. labels.SelectMany(label => Enumerable.Repeat((byte)(label * GreysApart), side * side))];
        return new ImageSet(
            "greys", "greys", new ImageShape(1, side, side), pixels, labels,
            [.. Enumerable.Range(0, classes).Select(label => $"grey {label}")]);
    }

    /// <summary>Logits <c>−sharpness (mean − grey_k)²</c>, in classes: 1000 makes it sure of every grey.</summary>
    public sealed class Reader(int classes, double sharpness) : nn.Module<Tensor, Tensor>("reader")
    {
        public override Tensor forward(Tensor images)
        {
            Tensor levels = images.mean([1, 2, 3]).unsqueeze(1) * (255.0 / GreysApart);
            return -(levels - arange(classes, dtype: ScalarType.Float32).unsqueeze(0)).square() * sharpness;
        }
    }
}
