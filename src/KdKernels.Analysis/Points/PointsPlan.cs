using System.Security.Cryptography;
using System.Text;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Points;

/// <summary>What a measurement looks at: networks, layers and checkpoints of two runs that fit each other.</summary>
internal sealed class PointsPlan
{
    /// <summary>Checks everything; nothing is probed.</summary>
    /// <exception cref="AnalysisException">Models or data differ, or a layer does not exist.</exception>
    /// <exception cref="Distillation.Checkpoints.CheckpointException">A checkpoint or a layer's path is missing.</exception>
    public PointsPlan(TrainedRun distilled, TrainedRun plain, PointsSettings settings)
    {
        settings.Check();
        (Distilled, Plain, Settings) = (distilled, plain, settings);
        Device = TrainingDevice.Open(distilled.Recipe);
        Pairs = NetworkPair.Of(distilled, plain, settings.Stage);
        Layers = settings.Layers.Count > 0 ? settings.Layers : distilled.Recipe.Trace.Layers;
        if (Layers.Count == 0)
        {
            throw new AnalysisException(
                $"expected layers to analyse but {distilled.Recipe.Name} traced none: name some, or train with trace.layers");
        }

        Epochs = settings.Epochs.Count > 0
            ? [.. settings.Epochs.Order()]
            : [.. Students.Select(Traced).Aggregate(Enumerable.Intersect).Order()];
        if (Epochs.Count == 0)
        {
            throw new AnalysisException(
                $"expected epochs that all students have checkpoints of but {distilled.FullPath} and {plain.FullPath} share none");
        }

        RequireLayers();
        Paths = Students.SelectMany(student => Layers.Select(layer => (Key: (student.Name, layer), Path: PathOf(student, layer))))
            .ToDictionary(one => one.Key, one => one.Path);
        Teacher = distilled.Networks.FirstOrDefault(network => network.Role == NetworkRole.Teacher);
        TeacherLayers = Teacher is null ? [] : [.. Layers.Intersect(TappableLayers(Teacher), StringComparer.Ordinal)];
    }

    public TrainedRun Distilled { get; }

    public TrainedRun Plain { get; }

    public PointsSettings Settings { get; }

    public Device Device { get; }

    public IReadOnlyList<NetworkPair> Pairs { get; }

    public IReadOnlyList<string> Layers { get; }

    /// <summary>Rising.</summary>
    public IReadOnlyList<int> Epochs { get; }

    public int LastEpoch => Epochs[^1];

    /// <summary>Null where the run has none.</summary>
    public TrainedNetwork? Teacher { get; }

    /// <summary>Those of <see cref="Layers"/> that the teacher has too.</summary>
    public IReadOnlyList<string> TeacherLayers { get; }

    public IEnumerable<TrainedNetwork> Students => Pairs.SelectMany(pair => new[] { pair.Distilled, pair.Plain });

    /// <summary>A student's path at a layer, by epoch. Names are unique: distilled and plain ones differ.</summary>
    private Dictionary<(string Student, string Layer), Dictionary<int, WeightPath>> Paths { get; }

    /// <summary>How far a student's weights had gone at an epoch.</summary>
    public WeightPath Path(TrainedNetwork student, string layer, int epoch) => Paths[(student.Name, layer)][epoch];

    /// <summary>What parts belong to.</summary>
    public PointsDescription Describe() => new(
        Hash(Distilled), Hash(Plain), Distilled.Task.HeldOutFingerprint, Settings with { Layers = Layers, Epochs = Epochs });

    // Beside those that the recipe traces stand the last and the best checkpoint, and the best is another one for each student.
    private IEnumerable<int> Traced(TrainedNetwork student) => Distilled.Recipe.Trace.Epochs.Count == 0
        ? student.TracedEpochs
        : student.TracedEpochs.Intersect(Distilled.Recipe.Trace.Epochs);

    private Dictionary<int, WeightPath> PathOf(TrainedNetwork student, string layer) =>
        Epochs.ToDictionary(epoch => epoch, epoch => student.Path(layer, epoch));

    private void RequireLayers()
    {
        IReadOnlyList<string> there = TappableLayers(Pairs[0].Distilled);
        if (Layers.FirstOrDefault(layer => !there.Contains(layer, StringComparer.Ordinal)) is { } missing)
        {
            throw new AnalysisException(
                $"expected layers of {Pairs[0].Distilled.Model}, which has {string.Join(", ", there)}, but got '{missing}'");
        }
    }

    private static IReadOnlyList<string> TappableLayers(TrainedNetwork network)
    {
        using nn.Module<Tensor, Tensor> module = network.LoadFinal();
        return NetworkTaps.Available(module);
    }

    private static string Hash(TrainedRun run) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes((run.Recipe with { Device = "", Threads = 0 }).ToYaml())));
}
