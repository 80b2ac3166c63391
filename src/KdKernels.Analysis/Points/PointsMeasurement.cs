using System.Diagnostics;
using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Points;

/// <summary>Probes networks at layers and checkpoints, part by part; what was done before is read.</summary>
internal sealed class PointsMeasurement
{
    private readonly PointsFolder folder;
    private readonly ProbedItems items;
    private readonly ProbeSettings settings;
    private readonly string prefix;
    private readonly Device device;
    private readonly List<(string Name, TrainedNetwork Network, int Epoch, string Layer)> wanted = [];
    private readonly Dictionary<string, ProbeResult> results = new(StringComparer.Ordinal);

    /// <param name="folder">Where parts are.</param>
    /// <param name="items">What is probed.</param>
    /// <param name="settings">How.</param>
    /// <param name="prefix">Before the names of the parts: other settings have others.</param>
    /// <param name="device">Where networks run.</param>
    public PointsMeasurement(PointsFolder folder, ProbedItems items, ProbeSettings settings, string prefix, Device device)
    {
        this.folder = folder;
        this.items = items;
        this.settings = settings;
        this.prefix = prefix;
        this.device = device;
    }

    /// <summary>Parts that are asked for.</summary>
    public int Count => wanted.Count;

    public IReadOnlyCollection<ProbeResult> Results => results.Values;

    /// <summary>Time of the probing, over all sessions.</summary>
    public double Seconds { get; private set; }

    public void Ask(TrainedNetwork network, int epoch, string layer) =>
        wanted.Add((Name(network, epoch, layer), network, epoch, layer));

    public ProbeResult Result(TrainedNetwork network, int epoch, string layer) => results[Name(network, epoch, layer)];

    /// <summary>Probes what is missing.</summary>
    /// <param name="finished">Told of every part, and whether it was probed now.</param>
    /// <param name="cancellation">Looked at in every step; what is finished stays.</param>
    public void Run(Action<string, bool> finished, CancellationToken cancellation)
    {
        foreach ((string name, TrainedNetwork network, int epoch, string layer) in wanted)
        {
            ProbePart? part = folder.Read(name);
            bool isNew = part is null;
            part ??= Probe(network, epoch, layer, cancellation);
            if (isNew)
            {
                RequireFreedom(part.Probe, network, epoch, layer);
                folder.Write(name, part);
            }

            results[name] = part.Probe;
            Seconds += part.Seconds;
            finished(name, isNew);
        }
    }

    private ProbePart Probe(TrainedNetwork network, int epoch, string layer, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using nn.Module<Tensor, Tensor> module =
            network.Source is null ? network.Load(epoch, device) : network.LoadFinal(device);
        ProbeResult probe = EntropyProbe.Run(module, layer, items.Items, settings, cancellation);
        return new ProbePart(probe, clock.Elapsed.TotalSeconds);
    }

    // Entropies that are all the clamp's say nothing about the network.
    private void RequireFreedom(ProbeResult probe, TrainedNetwork network, int epoch, string layer)
    {
        if (probe.Clamped.All(share => share == 1))
        {
            throw new AnalysisException(
                $"{network.Name}, {layer}, epoch {epoch}: expected deviations inside of ({settings.MinSigma}, {settings.MaxSigma}) "
                + "but every one ended at a clamp: learning rate, alpha or the clamp do not suit this network");
        }
    }

    private string Name(TrainedNetwork network, int epoch, string layer) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix}{network.Name}-{layer}-{epoch:D4}");
}
