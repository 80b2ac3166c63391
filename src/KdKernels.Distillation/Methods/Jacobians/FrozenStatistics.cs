using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>Until disposed, passes in training mode leave the running statistics of a network's batch norms as they are: they
/// use those of their own batch.</summary>
internal sealed class FrozenStatistics : IDisposable
{
    private readonly (BatchNorm Layer, double? Momentum, Tensor? Seen)[] layers;

    public FrozenStatistics(nn.Module network)
    {
        layers =
        [
            .. network.modules().OfType<BatchNorm>().Select(
                layer => (layer, layer.momentum, layer.num_batches_tracked?.clone())),
        ];
        foreach ((BatchNorm layer, double? _, Tensor? _) in layers)
        {
            layer.momentum = 0;
        }
    }

    public void Dispose()
    {
        using var noGrad = no_grad();
        foreach ((BatchNorm layer, double? momentum, Tensor? seen) in layers)
        {
            layer.momentum = momentum;
            if (seen is not null)
            {
                layer.num_batches_tracked!.copy_(seen);
                seen.Dispose();
            }
        }
    }
}
