using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>Weights as plain numbers.</summary>
internal static class TracedWeights
{
    /// <summary>Some tensors of a network after an epoch, one behind the other.</summary>
    public static double[] Of(TrainedNetwork network, int epoch, params string[] names)
    {
        using nn.Module<Tensor, Tensor> loaded = network.Load(epoch);
        return [.. names.SelectMany(name => Values(loaded.state_dict()[name]))];
    }

    public static double[] Values(Tensor tensor)
    {
        using Tensor wide = tensor.detach().to(ScalarType.Float64);
        return wide.data<double>().ToArray();
    }

    public static double Distance(double[] values, double[] others) =>
        Norm([.. values.Zip(others, (value, other) => value - other)]);

    public static double Norm(double[] values) => Math.Sqrt(values.Sum(value => value * value));
}
