namespace KdKernels.Distillation.Data;

/// <summary>
/// A data file or folder is missing, truncated, corrupt or not of the expected kind. The message names file, offset,
/// what was expected and what was found.
/// </summary>
public sealed class KdDataException : IOException
{
    public KdDataException() { }

    public KdDataException(string message) : base(message) { }

    public KdDataException(string message, Exception innerException) : base(message, innerException) { }

    /// <param name="path">The file or folder.</param>
    /// <param name="offset">Byte offset of the fault, or null where none applies.</param>
    /// <param name="problem">"expected ... but got ...".</param>
    /// <param name="innerException">What the file system or a decompressor said.</param>
    public KdDataException(string path, long? offset, string problem, Exception? innerException = null)
        : base(offset is { } at ? $"{path}: at byte {at}: {problem}" : $"{path}: {problem}", innerException)
    {
        Path = path;
        Offset = offset;
    }

    /// <summary>The file or folder, where one is to blame.</summary>
    public string? Path { get; }

    /// <summary>Byte offset of the fault inside the (decompressed) file, where one applies.</summary>
    public long? Offset { get; }
}
