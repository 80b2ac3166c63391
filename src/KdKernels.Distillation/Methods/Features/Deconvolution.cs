using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Features;

/// <summary>From a vector <c>[B, D]</c> to a map <c>[B, C, H, W]</c>: a linear layer makes a small map, transposed
/// convolutions double it, a 1x1 convolution gives the channels.</summary>
internal sealed class Deconvolution : nn.Module<Tensor, Tensor>
{
    // A map a quarter as high and wide keeps the linear layer small: sixteen times fewer weights.
    private const int MostDoublings = 2;

    private readonly Linear seed;
    private readonly Sequential layers;
    private readonly long[] start;

    /// <param name="inputs">D.</param>
    /// <param name="hidden">Channels between.</param>
    /// <param name="target">C, H, W.</param>
    public Deconvolution(long inputs, long hidden, long[] target)
        : base(nameof(Deconvolution))
    {
        (long height, long width) = (target[1], target[2]);
        List<(string Name, nn.Module<Tensor, Tensor> Layer)> steps = [("relu0", nn.ReLU())];
        for (int i = 1; i <= MostDoublings && height % 2 == 0 && width % 2 == 0; i++)
        {
            (height, width) = (height / 2, width / 2);
            steps.Add(($"deconv{i}", nn.ConvTranspose2d(hidden, hidden, 4, stride: 2, padding: 1)));
            steps.Add(($"relu{i}", nn.ReLU()));
        }

        steps.Add(("conv", nn.Conv2d(hidden, target[0], 1)));
        start = [hidden, height, width];
        seed = nn.Linear(inputs, hidden * height * width);
        layers = nn.Sequential([.. steps]);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) =>
        layers.call(seed.call(input).view(input.shape[0], start[0], start[1], start[2]));
}
