namespace KdKernels.Analysis;

/// <summary>An analysis does not fit what it is given: runs, layers, masks or settings. The message is one sentence for the user.</summary>
public sealed class AnalysisException : Exception
{
    public AnalysisException()
    {
    }

    public AnalysisException(string message)
        : base(message)
    {
    }

    public AnalysisException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
