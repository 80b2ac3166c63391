using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>
/// Puts a network into evaluation mode until disposed. In training mode a batch norm's output for one item depends on all the
/// others, so that the derivative by an input mixes items; and a pass that only looks would move its running statistics.
/// </summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly nn.Module network;
    private readonly bool training;

    public EvaluationMode(nn.Module network)
    {
        this.network = network;
        training = network.training;
        network.eval();
    }

    public void Dispose() => network.train(training);
}
