using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Bench.TrainStep;

/// <summary>
/// One step of SGD with momentum on twice (convolution, batch norm, ReLU, pooling) and a linear layer, <c>[64, 3, 32, 32]</c>. Inputs and
/// initial parameters are those of bench/peers/train_step.py.
/// </summary>
internal sealed class ConvNetStep : IDisposable
{
    private readonly Sequential _network = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding: 1, bias: false), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding: 1, bias: false), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 8 * 8, 10));

    private readonly Tensor _images;
    private readonly Tensor _labels;
    private readonly SGD _optimizer;
    private readonly CrossEntropyLoss _criterion = nn.CrossEntropyLoss();

    public ConvNetStep()
    {
        using var scope = NewDisposeScope();
        int number = 0;
        foreach (Parameter parameter in _network.parameters())
        {
            if (parameter.dim() > 1) Fill(parameter, 0.05, number);
            number++;
        }
        nn.init.zeros_(((Linear)_network[9]).bias!);
        _images = Fill(empty([64, 3, 32, 32]), 1.0, 0.5).DetachFromDisposeScope();
        _labels = (arange(64, ScalarType.Int64) * 7 % 10).DetachFromDisposeScope();
        _optimizer = optim.SGD(_network.parameters(), 0.01, momentum: 0.9, weight_decay: 5e-4);
    }

    /// <summary>Steps, and the loss before the last of them.</summary>
    public double Run(int steps)
    {
        double loss = double.NaN;
        for (int i = 0; i < steps; i++)
        {
            using var scope = NewDisposeScope();
            _network.zero_grad();
            Tensor value = _criterion.call(_network.call(_images), _labels);
            value.backward();
            _optimizer.step();
            if (i == steps - 1) loss = value.ToDouble();
        }
        return loss;
    }

    public void Dispose()
    {
        _network.Dispose();
        _optimizer.Dispose();
        _images.Dispose();
        _labels.Dispose();
        _criterion.Dispose();
    }

    private static Tensor Fill(Tensor tensor, double scale, double phase)
    {
        using var noGrad = no_grad();
        Tensor index = arange(tensor.numel(), ScalarType.Float64);
        return tensor.copy_(((index * 0.7 + phase).sin() * scale).reshape(tensor.shape));
    }
}
