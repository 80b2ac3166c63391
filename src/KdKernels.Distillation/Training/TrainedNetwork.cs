using System.Text.Json;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>One network of a run.</summary>
public sealed class TrainedNetwork
{
    private readonly CheckpointStore store;
    private readonly Lazy<LearningTask> task;

    internal TrainedNetwork(CheckpointStore store, Lazy<LearningTask> task)
    {
        this.store = store;
        this.task = task;
    }

    /// <summary>The training's name, and its folder's among the checkpoints.</summary>
    public required string Name { get; init; }

    public required NetworkRole Role { get; init; }

    /// <summary>Zero-based index of the paired repeat; 0 for a teacher.</summary>
    public required int Repeat { get; init; }

    /// <summary>Of its initial weights.</summary>
    public required long Seed { get; init; }

    /// <summary>Name in <see cref="Models.ModelRegistry"/>.</summary>
    public required string Model { get; init; }

    /// <summary>Epochs of the training; 0 for a teacher that was loaded.</summary>
    public required int Epochs { get; init; }

    /// <summary>What a loaded teacher was loaded from, as the recipe has it; null for a trained network.</summary>
    public string? Source { get; init; }

    /// <summary>Where its checkpoints are.</summary>
    public string Folder => store.Folder;

    /// <summary>The epochs after which there is a checkpoint, rising: those that the recipe traces, and whichever else
    /// stayed. 0 is the network before its first step. None for a loaded teacher.</summary>
    public IReadOnlyList<int> TracedEpochs => Source is null ? store.Epochs() : [];

    /// <summary>What it learned.</summary>
    internal LearningTask Task => task.Value;

    /// <summary>The network as it was after an epoch, in evaluation mode; the caller disposes it.</summary>
    /// <param name="epoch">One of <see cref="TracedEpochs"/>.</param>
    /// <param name="device">Where it shall be; null for the CPU.</param>
    /// <exception cref="CheckpointException">There is no such checkpoint, or it is damaged or of another
    /// network.</exception>
    public nn.Module<Tensor, Tensor> Load(int epoch, Device? device = null)
    {
        (Checkpoint checkpoint, _) = Open(epoch);
        return Create(checkpoint, store.PathOf(epoch), device);
    }

    /// <summary>The network as the latest whole checkpoint has it, or the one that a recipe loaded; in evaluation mode,
    /// and the caller disposes it.</summary>
    /// <param name="message">Told where that is not the end of the training, and where a later checkpoint is
    /// damaged.</param>
    /// <param name="device">Where it shall be; null for the CPU.</param>
    /// <exception cref="CheckpointException">There is no whole checkpoint, or it is of another network.</exception>
    public nn.Module<Tensor, Tensor> LoadLatest(Action<string> message, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (Source is not null)
        {
            return LoadFinal(device, message);
        }

        Checkpoint checkpoint = store.OpenLatest(damaged => message($"{damaged.Message} Trying the one before."))
            ?? throw new CheckpointException($"expected a checkpoint in {store.Folder} but found none that is whole");
        TrainingState state = StateOf(checkpoint, store.Folder);
        if (!string.Equals(state.Stage, Name, StringComparison.Ordinal))
        {
            throw new CheckpointException($"{store.Folder}: expected a checkpoint of {Name} but got one of {state.Stage}");
        }

        if (state.Epoch < Epochs)
        {
            message($"{Name} has no final checkpoint: its latest is after {state.Epoch} of {Epochs} epochs.");
        }

        return Create(checkpoint, store.Folder, device);
    }

    /// <summary>The network after its last epoch, or the one that a recipe loaded; in evaluation mode, and the caller
    /// disposes it.</summary>
    /// <param name="device">Where it shall be; null for the CPU.</param>
    /// <param name="message">Told where nothing vouches for a loaded file's content.</param>
    /// <exception cref="CheckpointException">The weights are missing, damaged or of another network.</exception>
    public nn.Module<Tensor, Tensor> LoadFinal(Device? device = null, Action<string>? message = null) => Source is null
        ? Load(Epochs, device)
        : Create(device, network => WeightFile.Load(network, Task.SignatureOf(Model), Source, message ?? (_ => { })));

    /// <summary>How far a layer's weights had gone from the training's beginning to the end of an epoch.</summary>
    /// <param name="layer">One of the recipe's <c>trace.layers</c>.</param>
    /// <param name="epoch">One of <see cref="TracedEpochs"/>.</param>
    /// <exception cref="CheckpointException">There is no such checkpoint, it is damaged, or that layer was not
    /// traced.</exception>
    public WeightPath Path(string layer, int epoch)
    {
        ArgumentNullException.ThrowIfNull(layer);
        (_, TrainingState state) = Open(epoch);
        if (state.Paths?.TryGetValue(layer, out WeightPath? path) == true)
        {
            return path;
        }

        string traced = state.Paths is { Count: > 0 } paths
            ? $"one of {string.Join(", ", paths.Keys)}"
            : $"no layer, as {Name}'s paths were not measured,";
        throw new CheckpointException($"{store.PathOf(epoch)}: expected {traced} but got '{layer}'");
    }

    private (Checkpoint Checkpoint, TrainingState State) Open(int epoch)
    {
        if (Source is not null)
        {
            throw new CheckpointException(
                $"expected a network that this run trained but got {Name}, which was loaded from {Source}");
        }

        IReadOnlyList<int> there = store.Epochs();
        if (!there.Contains(epoch))
        {
            string found = there.Count == 0 ? "none" : string.Join(", ", there);
            throw new CheckpointException($"expected a checkpoint of epoch {epoch} in {store.Folder} but found {found}");
        }

        string path = store.PathOf(epoch);
        var checkpoint = Checkpoint.Open(path);
        TrainingState state = StateOf(checkpoint, path);
        return (state.Stage, state.Epoch, state.Step) == (Name, epoch, 0)
            ? (checkpoint, state)
            : throw new CheckpointException(
                $"{path}: expected {Name} after {epoch} epochs but got {state.Stage} after {state.Epoch} epochs and "
                + $"{state.Step} steps");
    }

    private static TrainingState StateOf(Checkpoint checkpoint, string path)
    {
        try
        {
            return checkpoint.State.Deserialize(RunJson.Default.TrainingState)
                ?? throw new JsonException("expected an object but got null");
        }
        catch (JsonException foreign)
        {
            throw new CheckpointException(
                $"{path}: expected the state of a training but got another: {foreign.Message}", foreign);
        }
    }

    private nn.Module<Tensor, Tensor> Create(Checkpoint checkpoint, string path, Device? device)
    {
        string file = TrainingFiles.WeightsOf(Role), source = System.IO.Path.Combine(path, file);
        return checkpoint.Files.TryGetValue(file, out ReadOnlyMemory<byte> weights)
            ? Create(device, network => NetworkWeights.Load(
                network, Task.SignatureOf(Model), SafetensorsReader.Parse(weights, source), source))
            : throw new CheckpointException($"{path}: expected a checkpoint with {file} in it");
    }

    private nn.Module<Tensor, Tensor> Create(Device? device, Action<nn.Module<Tensor, Tensor>> fill)
    {
        nn.Module<Tensor, Tensor> network = Task.CreateNetwork(Model, Seed, device ?? CPU);
        try
        {
            fill(network);
            network.eval();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
