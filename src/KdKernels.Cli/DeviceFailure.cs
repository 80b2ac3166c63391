namespace KdKernels.Cli;

/// <summary>Recognises that torch's CUDA side failed, in what either binding throws: they only pass torch's text
/// on.</summary>
internal static class DeviceFailure
{
    /// <summary>What torch said, in one line; null where the failure is something else.</summary>
    public static string? Find(Exception failure)
    {
        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            string message = inner.Message.Split('\n', 2)[0].TrimEnd();
            if (message.Contains("CUDA out of memory", StringComparison.Ordinal))
                return $"{message} A smaller solver.batch-size or evaluation.batch-size needs less.";
            if (message.Contains("CUDA error", StringComparison.Ordinal)) return message;
        }

        return null;
    }
}
