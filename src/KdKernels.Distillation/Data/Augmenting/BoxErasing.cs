using KdKernels.Distillation.Data.Mixing;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>Sets one box of each image to the mean of the training set, which is 0 after normalisation.</summary>
internal static class BoxErasing
{
    /// <param name="images"><c>[B, C, H, W]</c>.</param>
    /// <param name="box">The box of the image at a place of the batch; null leaves it as it is.</param>
    public static Tensor Erase(Tensor images, Func<int, CutMixBox?> box)
    {
        (int rows, int height, int width) = ((int)images.shape[0], (int)images.shape[2], (int)images.shape[3]);
        bool[] erased = new bool[rows * height * width];
        for (int row = 0; row < rows; row++)
        {
            if (box(row) is not { } found)
            {
                continue;
            }

            for (int y = found.Top; y < found.Bottom; y++)
            {
                erased.AsSpan((row * height + y) * width + found.Left, found.Right - found.Left).Fill(true);
            }
        }

        using Tensor mask = tensor(erased, [rows, 1, height, width]).to(images.device);
        return images.masked_fill(mask, 0);
    }
}
