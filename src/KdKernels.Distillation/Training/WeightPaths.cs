using KdKernels.Distillation.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>Measures, step by step, how far the weights of some layers go. Only these layers are copied; without any
/// there is nothing to do.</summary>
internal sealed class WeightPaths : IDisposable
{
    private readonly List<TracedLayer> layers = [];

    /// <param name="network">Before its first step, or about to be given the weights that it goes on from.</param>
    /// <param name="names">Modules of the network that have weights.</param>
    public WeightPaths(nn.Module network, IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            layers.Add(new TracedLayer(name, WeightsOf(network, name)));
        }
    }

    /// <summary>The paths so far by layer; null where none is measured.</summary>
    public IReadOnlyDictionary<string, WeightPath>? Paths => layers.Count == 0
        ? null
        : new SortedDictionary<string, WeightPath>(
            layers.ToDictionary(layer => layer.Name, layer => layer.Path, StringComparer.Ordinal), StringComparer.Ordinal);

    /// <summary>What counts as weights of a layer: parameters of two or more dimensions, which biases and batch norms do
    /// not have.</summary>
    public static IReadOnlyList<Parameter> WeightsOf(nn.Module network, string layer) =>
    [
        .. network.named_parameters()
            .Where(entry => entry.parameter.dim() >= 2 && entry.name.StartsWith(layer + ".", StringComparison.Ordinal))
            .Select(entry => entry.parameter),
    ];

    /// <summary>The modules that have weights of their own, not only in modules inside them.</summary>
    public static IReadOnlyList<string> LayersWithWeights(nn.Module network) =>
    [
        .. network.named_parameters()
            .Where(entry => entry.parameter.dim() >= 2 && entry.name.Contains('.', StringComparison.Ordinal))
            .Select(entry => entry.name[..entry.name.LastIndexOf('.')])
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Adds the step that the weights have just made.</summary>
    public void StepDone()
    {
        foreach (TracedLayer layer in layers)
        {
            layer.StepDone();
        }
    }

    /// <summary>Goes on from a checkpoint whose weights the network has by now.</summary>
    /// <exception cref="CheckpointException">It has the paths of other layers.</exception>
    public void Resume(IReadOnlyDictionary<string, WeightPath>? saved, string source)
    {
        string[] expected = [.. layers.Select(layer => layer.Name).Order(StringComparer.Ordinal)];
        string[] actual = [.. (saved?.Keys ?? []).Order(StringComparer.Ordinal)];
        if (!expected.SequenceEqual(actual, StringComparer.Ordinal))
        {
            throw new CheckpointException(
                $"{source}: expected a checkpoint with the paths of {Words(expected)} but got one with those of {Words(actual)}");
        }

        foreach (TracedLayer layer in layers)
        {
            layer.Resume(saved![layer.Name]);
        }
    }

    public void Dispose()
    {
        foreach (TracedLayer layer in layers)
        {
            layer.Dispose();
        }
    }

    private static string Words(string[] names) => names.Length == 0 ? "no layer" : string.Join(", ", names);

    private sealed class TracedLayer : IDisposable
    {
        private readonly IReadOnlyList<Parameter> weights;
        private readonly Tensor[] previous;

        public TracedLayer(string name, IReadOnlyList<Parameter> weights)
        {
            Name = name;
            this.weights = weights;
            using DisposeScope scope = NewDisposeScope();
            previous = [.. weights.Select(weight => weight.detach().clone().DetachFromDisposeScope())];
            Path = new WeightPath(0, Norm(weights));
        }

        public string Name { get; }

        public WeightPath Path { get; private set; }

        public void StepDone()
        {
            // In float64 before the difference, which in float32 would lose what small steps differ by.
            double step = Norm(weights.Zip(previous, (weight, earlier) => Wide(weight) - Wide(earlier)));
            Path = Path with { Length = Path.Length + step };
            Remember();
        }

        public void Resume(WeightPath saved)
        {
            Path = saved;
            Remember();
        }

        public void Dispose()
        {
            foreach (Tensor tensor in previous)
            {
                tensor.Dispose();
            }
        }

        private static double Norm(IEnumerable<Tensor> tensors)
        {
            using DisposeScope scope = NewDisposeScope();
            return Math.Sqrt(tensors.Sum(tensor => Wide(tensor).square().sum().cpu().item<double>()));
        }

        private static Tensor Wide(Tensor tensor) => tensor.detach().to(ScalarType.Float64);

        private void Remember()
        {
            using DisposeScope scope = NewDisposeScope();
            foreach ((Parameter weight, Tensor earlier) in weights.Zip(previous))
            {
                earlier.copy_(weight.detach());
            }
        }
    }
}
