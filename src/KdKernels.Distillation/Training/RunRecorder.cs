using System.Globalization;
using System.Text.Json;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Training;

/// <summary>Writes what happens to the run folder as it happens: <c>log.txt</c>, <c>metrics.jsonl</c> and TensorBoard's
/// event file. Every line is flushed.</summary>
internal sealed class RunRecorder : ITrainingObserver, IDisposable
{
    private const int StepsBetweenRecords = 50;

    private readonly RunFolder folder;
    private readonly TimeProvider time;
    private readonly StreamWriter log;
    private readonly TensorBoardWriter board;
    private StreamWriter metrics;

    public RunRecorder(RunFolder folder, TimeProvider? time = null)
    {
        this.folder = folder;
        this.time = time ?? TimeProvider.System;
        log = Append(folder.LogPath);
        metrics = Append(folder.MetricsPath);
        board = TensorBoardWriter.Create(folder.TensorBoardPath, time);
    }

    public void Message(string text) => Log(text);

    public void StageStarted(StageInfo stage) => Log(
        $"{stage.Name} ({stage.Number}/{stage.Of}): {stage.Model}, {stage.Parameters} parameters, seed {stage.Seed}, "
        + (stage.Epochs > 0 ? $"{stage.Epochs} epochs of {stage.StepsPerEpoch} steps" : "loaded"));

    public void StepFinished(StepInfo info)
    {
        if (info.Step % StepsBetweenRecords != 0)
        {
            return;
        }

        metrics.WriteLine(JsonSerializer.Serialize(StepRecord.Of(info), RunJson.Default.StepRecord));
        long position = (long)(info.Epoch - 1) * info.Stage.StepsPerEpoch + info.Step;
        board.Scalar($"{info.Stage.Name}/step/loss", info.Loss.Total, position);
        board.Scalar($"{info.Stage.Name}/step/lr", info.LearningRate, position);
    }

    public void EpochFinished(EpochInfo info)
    {
        metrics.WriteLine(JsonSerializer.Serialize(EpochRecord.Of(info), RunJson.Default.EpochRecord));
        Curve("loss", info.Loss.Total);
        Curve("cross-entropy", info.Loss.CrossEntropy);
        Curve("distillation", info.Loss.Distillation);
        foreach ((string name, double value) in info.Loss.Terms ?? Enumerable.Empty<KeyValuePair<string, double>>())
        {
            Curve($"term/{name}", value);
        }

        Curve("train-accuracy", info.TrainAccuracy);
        Curve("train-agreement", info.TrainAgreement);
        Curve("held-out-accuracy", info.HeldOut?.Accuracy);
        Curve("held-out-loss", info.HeldOut?.Loss);
        Curve("held-out-agreement", info.HeldOut?.Agreement);
        Curve("lr", info.LearningRate);
        Curve("temperature", info.Temperature);
        Curve("alpha", info.Alpha);
        board.Flush();
        string heldOut = info.HeldOut is { } measured ? $", held out {measured.Accuracy:P2}" : "";
        Log(
            $"{info.Stage.Name}: epoch {info.Epoch}/{info.Stage.Epochs}: loss {info.Loss.Total:F4}, "
            + $"train {info.TrainAccuracy:P2}{heldOut}, {info.ImagesPerSecond:F0} images/s");

        void Curve(string name, double? value)
        {
            if (value is { } known)
            {
                board.Scalar($"{info.Stage.Name}/{name}", known, info.Epoch);
            }
        }
    }

    public void StageFinished(StageInfo stage, NetworkResult result) =>
        Log(
            $"{stage.Name}: held out {result.HeldOut.Accuracy:P2} of {result.HeldOut.Images} images, "
            + $"{result.Seconds:F1} s");

    /// <summary>
    /// Forgets what was recorded of a training beyond the checkpoint that it goes on from: a killed process may have
    /// come further than its
    /// last checkpoint, and may have left half a line.
    /// </summary>
    /// <param name="stage">The training.</param>
    /// <param name="epoch">Complete epochs of the checkpoint.</param>
    /// <param name="step">Steps of the epoch that had begun.</param>
    public void Rewind(string stage, int epoch, int step)
    {
        metrics.Dispose();
        string temporary = folder.MetricsPath + ".tmp-rewind";
        File.WriteAllLines(
            temporary, File.ReadLines(folder.MetricsPath).Where(line => IsKept(line, stage, epoch, step)));
        File.Move(temporary, folder.MetricsPath, overwrite: true);
        metrics = Append(folder.MetricsPath);
    }

    public void Dispose()
    {
        metrics.Dispose();
        board.Dispose();
        log.Dispose();
    }

    private static bool IsKept(string line, string stage, int epoch, int step)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (!string.Equals(root.GetProperty("stage").GetString(), stage, StringComparison.Ordinal))
            {
                return true;
            }

            int lineEpoch = root.GetProperty("epoch").GetInt32();
            int lineStep = root.TryGetProperty("step", out JsonElement value) ? value.GetInt32() : int.MaxValue;
            return lineEpoch <= epoch || (lineEpoch == epoch + 1 && lineStep <= step);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static StreamWriter Append(string path) =>
        new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read))
        {
            AutoFlush = true,
            NewLine = "\n",
        };

    private void Log(string text) =>
        log.WriteLine($"{time.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} {text}");
}

/// <summary>Tells two observers, in this order.</summary>
internal sealed class ObserverPair(ITrainingObserver first, ITrainingObserver second) : ITrainingObserver
{
    public void Message(string text)
    {
        first.Message(text);
        second.Message(text);
    }

    public void StageStarted(StageInfo stage)
    {
        first.StageStarted(stage);
        second.StageStarted(stage);
    }

    public void StepFinished(StepInfo info)
    {
        first.StepFinished(info);
        second.StepFinished(info);
    }

    public void EpochFinished(EpochInfo info)
    {
        first.EpochFinished(info);
        second.EpochFinished(info);
    }

    public void StageFinished(StageInfo stage, NetworkResult result)
    {
        first.StageFinished(stage, result);
        second.StageFinished(stage, result);
    }
}
