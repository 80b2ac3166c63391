using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Tests.Claims;

/// <summary>Asks to stop when a stage begins.</summary>
internal sealed class StoppingObserver(CancellationTokenSource source, string stage) : ITrainingObserver
{
    public void Message(string text)
    {
    }

    public void StageStarted(StageInfo info)
    {
        if (info.Name == stage)
            source.Cancel();
    }

    public void StepFinished(StepInfo info)
    {
    }

    public void EpochFinished(EpochInfo info)
    {
    }

    public void StageFinished(StageInfo info, NetworkResult result)
    {
    }
}
