namespace KdKernels.Distillation.Checkpoints;

/// <summary>A checkpoint or weight file that is damaged, incomplete or does not fit: which file, which section, what
/// was expected.</summary>
public sealed class CheckpointException : Exception
{
    public CheckpointException()
    {
    }

    public CheckpointException(string message)
        : base(message)
    {
    }

    public CheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
