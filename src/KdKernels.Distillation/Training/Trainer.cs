using System.Diagnostics;
using System.Text.Json;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>
/// Trains one network: the loop, its checkpoints and its evaluations. Nothing random has a state: weights come from the
/// seed and batches from
/// (seed, epoch, step), so that a run that was stopped anywhere continues to the same bits.
/// </summary>
internal sealed class Trainer : IDisposable
{
    private readonly TrainingTask task;
    private readonly Optimizer optimizer;
    private readonly WeightPaths paths;
    private readonly List<EpochRecord> history = [];
    private readonly Stopwatch clock = Stopwatch.StartNew();

    private int epoch;
    private int step;
    private EpochMeter meter = new();
    private double? best;
    private double earlierSeconds;

    // The checkpoint of exactly this moment; null where there is none.
    private string? saved;

    public Trainer(TrainingTask task)
    {
        this.task = task;
        optimizer = new Optimizer(
            [.. task.Objective.Frozen ? [] : task.Network.parameters(), .. task.Objective.Parts.parameters()],
            task.Objective.Undecayed,
            task.Solver);
        paths = new WeightPaths(task.Network, task.Trace.Layers);
    }

    /// <summary>Held-out accuracy after each epoch; null where it was not measured.</summary>
    public IReadOnlyList<double?> Accuracies => [.. history.Select(record => record.HeldOut?.Accuracy)];

    private int StepsPerEpoch => task.Batches.Plan.StepsPerEpoch;

    private bool IsTraced => task.Trace.Epochs.Contains(epoch);

    private double Seconds => earlierSeconds + clock.Elapsed.TotalSeconds;

    /// <summary>Continues from the latest whole checkpoint, if there is one. Returns the epochs and steps that it had
    /// done.</summary>
    /// <exception cref="CheckpointException">The checkpoint belongs to another experiment.</exception>
    public (int Epoch, int Step) Resume()
    {
        Checkpoint? checkpoint = task.Store.OpenLatest(
            damaged => task.Observer.Message($"{damaged.Message} Trying the one before."));
        if (checkpoint is null)
        {
            return (0, 0);
        }

        TrainingState state = checkpoint.State.Deserialize(RunJson.Default.TrainingState)!;
        if (!string.Equals(state.Experiment, task.Experiment, StringComparison.Ordinal)
            || !string.Equals(state.Stage, task.Stage.Name, StringComparison.Ordinal))
        {
            throw new CheckpointException(
                $"{task.Store.Folder}: expected a checkpoint of this recipe on these images but got one of another");
        }

        NetworkWeights.Load(
            task.Network,
            task.Signature,
            SafetensorsReader.Parse(checkpoint.Files[TrainingFiles.WeightsOf(task.Stage.Role)], task.Store.Folder),
            task.Store.Folder);
        LoadParts(checkpoint);
        optimizer.Load(checkpoint.Files[TrainingFiles.Optimizer]);
        paths.Resume(state.Paths, task.Store.Folder);
        (epoch, step, meter, best, earlierSeconds) = (state.Epoch, state.Step, state.Meter, state.Best, state.Seconds);
        history.AddRange(state.History);
        return (epoch, step);
    }

    /// <summary>Trains to the last epoch and gives the evaluation after it.</summary>
    public NetworkResult Run(CancellationToken cancellation, out Evaluation evaluation)
    {
        if (epoch == 0 && step == 0 && IsTraced)
        {
            Save(isBest: false);
        }

        Evaluation? last = null;
        while (epoch < task.Solver.Epochs)
        {
            last = RunEpoch(cancellation);
        }

        // A training that an earlier process finished is measured again, which gives the same numbers.
        last ??= Evaluate();
        evaluation = last;
        return new NetworkResult
        {
            Name = task.Stage.Name,
            Role = task.Stage.Role,
            Model = task.Stage.Model,
            Parameters = task.Stage.Parameters,
            Seed = task.Stage.Seed,
            Epochs = task.Solver.Epochs,
            HeldOut = last.Metrics,
            Seconds = Seconds,
        };
    }

    public void Dispose()
    {
        paths.Dispose();
        optimizer.Dispose();
    }

    private Evaluation? RunEpoch(CancellationToken cancellation)
    {
        double began = clock.Elapsed.TotalSeconds;
        int firstStep = step;
        task.Network.train(!task.Objective.Frozen);
        StepInfo? info = null;
        foreach (ReadOnlyMemory<int> indices in task.Batches.Plan.Batches(epoch, firstStep))
        {
            info = RunStep(indices.Span, began, firstStep);
            task.Observer.StepFinished(info);
            if (step < StepsPerEpoch && cancellation.IsCancellationRequested)
            {
                throw Interrupted();
            }
        }

        double trained = clock.Elapsed.TotalSeconds - began;
        epoch++;
        step = 0;
        bool finished = epoch == task.Solver.Epochs;
        bool due = !task.Objective.Frozen && epoch % task.Evaluation.Every == 0;
        Evaluation? evaluation = finished || due ? Evaluate() : null;
        double seconds = clock.Elapsed.TotalSeconds - began;
        var report = new EpochInfo(
            task.Stage,
            epoch,
            meter.Means(),
            info!.LearningRate,
            info.Temperature,
            info.Alpha,
            (double)meter.Hits / meter.Images,
            meter.Compared == 0 ? null : (double)meter.Agreements / meter.Compared,
            evaluation?.Metrics,
            seconds,
            info.ImagesPerSecond,
            TimeSpan.FromSeconds((task.Solver.Epochs - epoch) * seconds * StepsPerEpoch / (StepsPerEpoch - firstStep)));
        meter = new EpochMeter();
        history.Add(EpochRecord.Of(report));
        bool isBest = evaluation is not null && evaluation.Metrics.Accuracy > (best ?? double.NegativeInfinity);
        best = isBest ? evaluation!.Metrics.Accuracy : best;
        task.Observer.EpochFinished(report);
        if (finished || isBest || IsTraced || epoch % task.Checkpoint.Every == 0)
        {
            Save(isBest);
        }

        return cancellation.IsCancellationRequested && !finished ? throw Interrupted() : evaluation;
    }

    private StepInfo RunStep(ReadOnlySpan<int> indices, double began, int firstStep)
    {
        using var scope = NewDisposeScope();
        Batch batch = task.Batches.Load(indices, epoch);
        double progress = epoch + (double)step / StepsPerEpoch;
        BatchLoss loss = task.Objective.Of(batch, progress, (long)epoch * StepsPerEpoch + step);
        if (!double.IsFinite(loss.Terms.Total))
        {
            string dump = DivergenceDump.Write(task, epoch, step, batch, loss);
            throw new DivergedException(
                $"{task.Stage.Name}: the loss became {loss.Terms.Total} in step {step + 1} of epoch {epoch + 1}; "
                + $"the batch and the weights are in {dump}",
                dump);
        }

        saved = null;
        double rate = optimizer.Minimise(loss.Loss, progress, 1.0 / StepsPerEpoch);
        paths.StepDone();
        task.Objective.StepDone();
        meter.Add(indices.Length, loss.Terms, loss.Hits, loss.Agreements);
        step++;
        double perStep = (clock.Elapsed.TotalSeconds - began) / (step - firstStep);
        long left = (long)(task.Solver.Epochs - epoch) * StepsPerEpoch - step;
        return new StepInfo(
            task.Stage, epoch + 1, step, loss.Terms, rate, loss.Temperature, loss.Alpha,
            task.Solver.BatchSize / perStep, TimeSpan.FromSeconds(left * perStep));
    }

    private Evaluation Evaluate() =>
        task.Task.Evaluate(task.Network, task.Evaluation, task.Device, task.TeacherPredictions);

    private void LoadParts(Checkpoint checkpoint)
    {
        if (checkpoint.Files.TryGetValue(TrainingFiles.Parts, out ReadOnlyMemory<byte> parts))
        {
            NetworkWeights.Load(
                task.Objective.Parts,
                PartsSignature,
                SafetensorsReader.Parse(parts, task.Store.Folder),
                task.Store.Folder);
        }
    }

    private NetworkSignature PartsSignature => TrainingFiles.PartsOf(task.Signature);

    private TrainingInterruptedException Interrupted()
    {
        string path = saved ?? Save(isBest: false);
        return new TrainingInterruptedException(
            $"{task.Stage.Name}: stopped after {epoch} epochs and {step} steps; saved to {path}", path);
    }

    private string Save(bool isBest)
    {
        byte[] weights = NetworkWeights.Save(task.Network, task.Signature);
        if (NetworkWeights.FirstNonFinite(SafetensorsReader.Parse(weights, "weights")) is { } broken)
        {
            string dump = DivergenceDump.Write(task, weights);
            throw new DivergedException(
                $"{task.Stage.Name}: {broken} has a NaN or an infinity in it after {epoch} epochs and {step} steps; "
                + $"the weights are in {dump}, earlier checkpoints stay",
                dump);
        }

        var state = new TrainingState
        {
            Stage = task.Stage.Name,
            Experiment = task.Experiment,
            Epoch = epoch,
            Step = step,
            Meter = meter,
            Seconds = Seconds,
            Best = best,
            History = history,
            Paths = paths.Paths,
        };
        Dictionary<string, ReadOnlyMemory<byte>> files = new(StringComparer.Ordinal)
        {
            [TrainingFiles.WeightsOf(task.Stage.Role)] = weights,
            [TrainingFiles.Optimizer] = optimizer.Save(),
        };
        if (task.Objective.Parts.state_dict().Count > 0)
        {
            files[TrainingFiles.Parts] = NetworkWeights.Save(task.Objective.Parts, PartsSignature);
        }

        return saved = task.Store.Save(
            epoch, step, files, JsonSerializer.SerializeToElement(state, RunJson.Default.TrainingState), isBest);
    }
}
