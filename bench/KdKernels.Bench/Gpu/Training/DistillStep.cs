using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Bench.Gpu.Training;

/// <summary>
/// Steps of distilling a small convolutional network from a frozen one of the same kind, <c>[batch, 3, 32, 32]</c> to
/// <see cref="Classes"/> logits. Images and parameters come from formulas, so that two of them differ in the loss alone.
/// </summary>
internal sealed class DistillStep : IDisposable
{
    public const int Classes = 1000;
    private readonly Sequential _student;
    private readonly Sequential _teacher;
    private readonly Tensor _images;
    private readonly Tensor _labels;
    private readonly SGD _optimizer;
    private readonly Func<Tensor, Tensor, Tensor, Tensor> _loss;

    /// <param name="device">Where everything lies.</param>
    /// <param name="batch">Images of a step.</param>
    /// <param name="loss">Of student's logits, teacher's logits and labels.</param>
    public DistillStep(Device device, int batch, Func<Tensor, Tensor, Tensor, Tensor> loss)
    {
        using var scope = NewDisposeScope();
        _loss = loss;
        _student = Network(0, device);
        _teacher = Network(0.5, device);
        _teacher.eval();
        _images = Wave([batch, 3, 32, 32], 1, 0.3).to(device).DetachFromDisposeScope();
        _labels = (arange(batch, ScalarType.Int64) * 7 % Classes).to(device).DetachFromDisposeScope();
        _optimizer = optim.SGD(_student.parameters(), 0.01, momentum: 0.9);
    }

    /// <summary>One step; the loss before it, which is waited for only where it is read.</summary>
    public Tensor Run()
    {
        using var scope = NewDisposeScope();
        Tensor teacher;
        using (no_grad()) teacher = _teacher.call(_images);
        _student.zero_grad();
        Tensor value = _loss(_student.call(_images), teacher, _labels);
        value.backward();
        _optimizer.step();
        return value.detach().DetachFromDisposeScope();
    }

    public void Dispose()
    {
        _student.Dispose();
        _teacher.Dispose();
        _images.Dispose();
        _labels.Dispose();
        _optimizer.Dispose();
    }

    private static Sequential Network(double phase, Device device)
    {
        Sequential network = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding: 1, bias: false), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding: 1, bias: false), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(64 * 8 * 8, Classes));
        int number = 0;
        foreach (Parameter parameter in network.parameters())
        {
            using var none = no_grad();
            if (parameter.dim() > 1) parameter.copy_(Wave(parameter.shape, 0.05, phase + number));
            number++;
        }
        nn.init.zeros_(((Linear)network[9]).bias!);
        network.to(device);
        return network;
    }

    private static Tensor Wave(long[] shape, double scale, double phase) =>
        ((arange(shape.Aggregate(1L, (product, size) => product * size), ScalarType.Float64) * 0.7 + phase).sin() * scale)
            .reshape(shape).to(ScalarType.Float32);
}
