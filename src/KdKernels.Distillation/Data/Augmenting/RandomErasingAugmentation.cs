using KdKernels.Core;
using KdKernels.Distillation.Data.Mixing;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>
/// Random erasing (Zhong et al. 2020): with probability one half a rectangle of 2 to 33 % of the area, its sides in
/// a proportion from 0.3 to 3.3, wholly inside the image, is set to the mean. The proportion is uniform on a logarithmic
/// scale, as torchvision draws it, so that lying and standing rectangles are equally likely; a rectangle that does not fit is
/// drawn again up to ten times, and then there is none.
/// </summary>
public sealed class RandomErasingAugmentation : IBatchAugmentation
{
    internal const double Probability = 0.5;
    internal const double LeastArea = 0.02;
    internal const double MostArea = 0.33;
    internal const double LeastAspect = 0.3;
    internal const double MostAspect = 3.3;

    private const int Tries = 10;

    /// <inheritdoc/>
    public Tensor Augment(Tensor images, MixingKey key)
    {
        ArgumentNullException.ThrowIfNull(images);
        MixingShape.Require(images);
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        return BoxErasing.Erase(images, row => Draw(key, row, height, width));
    }

    internal static CutMixBox? Draw(MixingKey key, int row, int height, int width)
    {
        PhiloxSequence random = ImageStream.Of(key, RandomPurpose.RandomErasing, row);
        if (random.NextDouble() >= Probability)
        {
            return null;
        }

        for (int attempt = 0; attempt < Tries; attempt++)
        {
            double area = height * width * (LeastArea + random.NextDouble() * (MostArea - LeastArea));
            double aspect = LeastAspect * Math.Pow(MostAspect / LeastAspect, random.NextDouble());
            (int tall, int wide) = ((int)Math.Round(Math.Sqrt(area * aspect)), (int)Math.Round(Math.Sqrt(area / aspect)));
            if (tall < height && wide < width)
            {
                (int top, int left) = (random.NextInt32(height - tall + 1), random.NextInt32(width - wide + 1));
                return new CutMixBox(top, left, top + tall, left + wide);
            }
        }

        return null;
    }
}
