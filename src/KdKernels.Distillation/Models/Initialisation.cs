using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models;

internal static class Initialisation
{
    /// <summary>
    /// Convolutions as the papers' code draws them: normal with variance 2 / (k² · outputs) (He et al. 2015b, fan out).
    /// Batch norms start
    /// at 1 and 0 and linear layers uniformly, which is what their constructors already did.
    /// </summary>
    public static void KaimingFanOut(nn.Module network)
    {
        foreach (nn.Module module in network.modules())
        {
            if (module is Conv2d convolution)
            {
                nn.init.kaiming_normal_(
                    convolution.weight!, mode: nn.init.FanInOut.FanOut, nonlinearity: nn.init.NonlinearityType.ReLU);
            }
        }
    }
}
