using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Progress;

/// <summary>Shows a run while it runs, on standard error.</summary>
internal abstract class TrainingDisplay
{
    /// <summary>A live display where somebody watches, plain lines everywhere else.</summary>
    public static TrainingDisplay Choose(CliConsole console, bool plain)
        => plain || !console.AllowsLiveDisplay
            ? new PlainDisplay(console.Error, PlainDisplay.DefaultInterval, TimeProvider.System)
            : new LiveDisplay(console.Error);

    /// <summary>A line for the user, from any thread, without tearing what is on the screen.</summary>
    public abstract void Say(string text);

    public abstract T Show<T>(Func<ITrainingObserver, T> train);
}
