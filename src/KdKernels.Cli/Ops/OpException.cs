namespace KdKernels.Cli.Ops;

/// <summary>An op was called with inputs or settings that it does not take; the message is for the user.</summary>
internal sealed class OpException : Exception
{
    public OpException()
    {
    }

    public OpException(string message)
        : base(message)
    {
    }

    public OpException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
