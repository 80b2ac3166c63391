using System.Buffers.Binary;
using System.Text.Json;

namespace KdKernels.Distillation.Formats;

/// <summary>
/// Reads the safetensors format, whoever wrote the file: every declared size is compared with the real one before
/// anything is allocated,
/// and the tensors must cover the data section without gap or overlap. The format has no checksum: what is inside a
/// tensor is not verified here.
/// </summary>
public sealed class SafetensorsReader
{
    internal const string MetadataKey = "__metadata__";

    private const int LengthBytes = 8;
    private const long MaxHeader = 100_000_000;

    private readonly ReadOnlyMemory<byte> data;
    private readonly Dictionary<string, SafetensorsEntry> byName;

    private SafetensorsReader(
        ReadOnlyMemory<byte> data,
        IReadOnlyList<SafetensorsEntry> entries,
        IReadOnlyDictionary<string, string> metadata)
    {
        this.data = data;
        Entries = entries;
        Metadata = metadata;
        byName = entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>In the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads a file of at most 2 GiB.</summary>
    /// <exception cref="InvalidDataException">It is not a safetensors file: path, place and what was
    /// expected.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SafetensorsReader Open(string path)
    {
        long length = new FileInfo(path).Length;
        if (length > Array.MaxLength)
        {
            throw new InvalidDataException($"{path}: expected at most {Array.MaxLength} bytes but got {length}");
        }

        return Parse(File.ReadAllBytes(path), path);
    }

    /// <summary>Reads a file that is in memory; <paramref name="source"/> is what error messages call it.</summary>
    /// <exception cref="InvalidDataException">It is not a safetensors file.</exception>
    public static SafetensorsReader Parse(ReadOnlyMemory<byte> file, string source)
    {
        if (file.Length < LengthBytes)
        {
            throw new InvalidDataException(
                $"{source}: expected a header length of {LengthBytes} bytes but the file has {file.Length}");
        }

        ulong declared = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        if (declared > (ulong)Math.Min(MaxHeader, file.Length - LengthBytes))
        {
            long most = Math.Min(MaxHeader, file.Length - LengthBytes);
            throw new InvalidDataException(
                $"{source}: expected a header of at most {most} bytes but byte 0 declares {declared}");
        }

        ReadOnlyMemory<byte> content = file[(LengthBytes + (int)declared)..];
        try
        {
            var header = new SafetensorsHeader(source, content.Length);
            header.Read(file.Span.Slice(LengthBytes, (int)declared));
            return new SafetensorsReader(content, header.Ordered(), header.Metadata);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            // GetString throws InvalidOperationException for text that is no UTF-8, GetInt64 FormatException for what
            // is no whole number.
            throw new InvalidDataException(
                $"{source}: header: not the JSON of a safetensors file: {error.Message}", error);
        }
    }

    public SafetensorsEntry? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>The bytes of a tensor.</summary>
    public ReadOnlyMemory<byte> Data(SafetensorsEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return data.Slice((int)entry.Offset, (int)entry.Bytes);
    }
}
