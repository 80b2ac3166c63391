namespace KdKernels.Distillation.Training;

/// <summary>A loss was NaN or infinite. The batch and the weights are in <see cref="DumpPath"/>; earlier checkpoints
/// are untouched.</summary>
public sealed class DivergedException : Exception
{
    public DivergedException()
    {
    }

    public DivergedException(string message)
        : base(message)
    {
    }

    public DivergedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public DivergedException(string message, string dumpPath)
        : base(message) => DumpPath = dumpPath;

    public string DumpPath { get; } = "";
}

/// <summary>Cancellation was asked for; the step was finished and a checkpoint written, from which the run goes
/// on.</summary>
public sealed class TrainingInterruptedException : OperationCanceledException
{
    public TrainingInterruptedException()
    {
    }

    public TrainingInterruptedException(string message)
        : base(message)
    {
    }

    public TrainingInterruptedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public TrainingInterruptedException(string message, string checkpointPath)
        : base(message) => CheckpointPath = checkpointPath;

    /// <summary>The checkpoint that was written; empty where nothing had been trained yet.</summary>
    public string CheckpointPath { get; } = "";
}

/// <summary>A run folder that cannot be used: another process holds it, or it belongs to a different recipe.</summary>
public sealed class RunFolderException : Exception
{
    public RunFolderException()
    {
    }

    public RunFolderException(string message)
        : base(message)
    {
    }

    public RunFolderException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The device that a recipe asks for is not there, or not usable.</summary>
public sealed class DeviceException : Exception
{
    public DeviceException()
    {
    }

    public DeviceException(string message)
        : base(message)
    {
    }

    public DeviceException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
