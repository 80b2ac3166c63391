using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models;

/// <summary>Parts of a network by name, as hooks find them.</summary>
internal static class Submodules
{
    public static nn.Module<Tensor, Tensor> Child(this nn.Module network, string name) =>
        (nn.Module<Tensor, Tensor>)network.named_children().Single(child => child.name == name).module;

    /// <summary>The outputs of the latest call by name, in the order of the calls.</summary>
    public static Dictionary<string, Tensor> Tap(this nn.Module network, params string[] names)
    {
        var outputs = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (string name in names)
            network.Child(name).register_forward_hook((_, _, output) => outputs[name] = output);
        return outputs;
    }
}
