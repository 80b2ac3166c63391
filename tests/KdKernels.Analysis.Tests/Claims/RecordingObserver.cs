using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Tests.Claims;

/// <summary>Keeps what it was told.</summary>
internal sealed class RecordingObserver : ITrainingObserver
{
    public List<string> Messages { get; } = [];

    /// <summary>Stages of which an epoch was trained.</summary>
    public List<string> Trained { get; } = [];

    public void Message(string text) => Messages.Add(text);

    public void StageStarted(StageInfo stage)
    {
    }

    public void StepFinished(StepInfo info)
    {
    }

    public void EpochFinished(EpochInfo info) => Trained.Add(info.Stage.Name);

    public void StageFinished(StageInfo stage, NetworkResult result)
    {
    }
}
