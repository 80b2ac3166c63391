using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>Remembers what it was told, and does what a test asks for at a step.</summary>
internal sealed class RecordingObserver(Action<int>? atStep = null) : ITrainingObserver
{
    public List<string> Messages { get; } = [];

    public List<StageInfo> Started { get; } = [];

    public List<StepInfo> Steps { get; } = [];

    public List<EpochInfo> Epochs { get; } = [];

    public List<NetworkResult> Finished { get; } = [];

    public void Message(string text) => Messages.Add(text);

    public void StageStarted(StageInfo stage) => Started.Add(stage);

    public void StepFinished(StepInfo info)
    {
        Steps.Add(info);
        atStep?.Invoke(Steps.Count);
    }

    public void EpochFinished(EpochInfo info) => Epochs.Add(info);

    public void StageFinished(StageInfo stage, NetworkResult result) => Finished.Add(result);
}
