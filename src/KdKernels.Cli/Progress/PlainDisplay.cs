using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Progress;

/// <summary>One line when a network begins, one when it ends, and one every few seconds in between: fit for a log
/// file.</summary>
internal sealed class PlainDisplay(
    TextWriter writer, TimeSpan interval, TimeProvider time) : TrainingDisplay, ITrainingObserver
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(5);

    private long _lastLine;
    private EpochInfo? _lastEpoch;

    public override T Show<T>(Func<ITrainingObserver, T> train) => train(this);

    public override void Say(string text) => writer.WriteLine(text);

    public void Message(string text) => Say(text);

    public void StageStarted(StageInfo stage)
    {
        string work = stage.Epochs > 0 ? Figures.Count(stage.Epochs, "epoch") : "loaded";
        Line(stage, $"{stage.Model}, {Figures.Count(stage.Parameters, "parameter")}, {work}");
        _lastEpoch = null;
    }

    public void StepFinished(StepInfo info)
    {
        if (time.GetElapsedTime(_lastLine) < interval)
            return;
        string accuracy = _lastEpoch?.HeldOut is { } heldOut ? $"   held-out {Figures.Percent(heldOut.Accuracy)}" : "";
        Line(info.Stage, $"epoch {info.Epoch}/{info.Stage.Epochs}   loss {info.Loss.Total:0.000}{accuracy}"
            + $"   {info.ImagesPerSecond:#,0} images/s   {Figures.Duration(info.Remaining.TotalSeconds)} left");
    }

    public void EpochFinished(EpochInfo info) => _lastEpoch = info;

    public void StageFinished(StageInfo stage, NetworkResult result)
        => Line(
            stage, $"done: held-out {Figures.Percent(result.HeldOut.Accuracy)}, {Figures.Duration(result.Seconds)}");

    private void Line(StageInfo stage, string text)
    {
        _lastLine = time.GetTimestamp();
        writer.WriteLine($"[{stage.Number}/{stage.Of}] {stage.Name}: {text}");
        writer.Flush();
    }
}
