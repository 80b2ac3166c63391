namespace KdKernels.Analysis.Claims;

/// <summary>A claim stopped before its end, since it was asked to or its budget was used up. What was finished stays, and
/// the same claim in the same folder goes on from there.</summary>
public sealed class ClaimStoppedException : OperationCanceledException
{
    public ClaimStoppedException()
    {
    }

    public ClaimStoppedException(string message)
        : base(message)
    {
    }

    public ClaimStoppedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
