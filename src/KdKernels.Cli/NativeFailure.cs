namespace KdKernels.Cli;

/// <summary>Recognises that libtorch or its bridge cannot be loaded, in what either binding throws.</summary>
internal static class NativeFailure
{
    /// <summary>What the loader said, in one line; null where the failure is something else.</summary>
    public static string? Find(Exception failure)
    {
        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            // The TorchSharp package reports a missing libtorch from its static constructor, many lines long.
            if (inner is TypeInitializationException { TypeName: "TorchSharp.torch", InnerException: { } cause })
                return FirstLine((Find(cause) ?? cause.Message).TrimStart());
            if (inner is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
                return FirstLine(inner.Message);
        }

        return null;
    }

    private static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd();
}
