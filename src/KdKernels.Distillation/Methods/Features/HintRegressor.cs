using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Features;

/// <summary>
/// The guided layer's features in the shape of the hint's. No ReLU at its end: hints may be negative, where a network's
/// layer ends before its activation, and it could not reach those.
/// </summary>
internal sealed class HintRegressor : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> layer;
    private readonly long[]? shape;

    /// <param name="guided">Shape of the student's layer, without the batch.</param>
    /// <param name="hint">Shape of the teacher's.</param>
    public HintRegressor(long[] guided, long[] hint)
        : base(nameof(HintRegressor))
    {
        if (guided.Length == 3 && hint.Length == 3)
        {
            layer = Convolution(guided, hint);
        }
        else
        {
            layer = nn.Linear(Count(guided), Count(hint));
            shape = hint;
        }

        RegisterComponents();
    }

    /// <summary>Whether one convolution can bring a map to the other's size: it makes both sides larger or both
    /// smaller.</summary>
    public static bool Fits(long[] guided, long[] hint) =>
        guided.Length != 3 || hint.Length != 3 || (guided[1] - hint[1]) * (guided[2] - hint[2]) >= 0;

    public override Tensor forward(Tensor input) => shape is null
        ? layer.call(input)
        : layer.call(input.flatten(1)).view([input.shape[0], .. shape]);

    // Sizes as in RepDistiller: a stride of 2 where the sizes are 2 to 1, else a kernel as large as the difference needs.
    private static nn.Module<Tensor, Tensor> Convolution(long[] guided, long[] hint)
    {
        (long height, long width) = (guided[1] - hint[1], guided[2] - hint[2]);
        if (guided[1] == 2 * hint[1] && guided[2] == 2 * hint[2])
        {
            return nn.Conv2d(guided[0], hint[0], 3, stride: 2, padding: 1);
        }

        if (2 * guided[1] == hint[1] && 2 * guided[2] == hint[2])
        {
            return nn.ConvTranspose2d(guided[0], hint[0], 4, stride: 2, padding: 1);
        }

        return height >= 0 && width >= 0
            ? nn.Conv2d(guided[0], hint[0], (height + 1, width + 1))
            : nn.ConvTranspose2d(guided[0], hint[0], (1 - height, 1 - width));
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);
}
