using System.Globalization;
using System.Text;
using System.Text.Json;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Checkpoints;

/// <summary>
/// One checkpoint as files in memory: <c>state.json</c> and the files that it lists with length and CRC-32C. Valid or
/// not is decided
/// from the content alone, so that a checkpoint stays valid when its folder is copied, moved or renamed.
/// </summary>
/// <remarks>
/// <c>state.json</c> is <c>{"format":1,"files":{name:{"bytes":n,"crc32c":"..."}},"state":{...},"crc32c":"xxxxxxxx"}</c>
/// and a line feed; its last
/// member is the checksum of every byte before that member, so that no byte of a checkpoint is unprotected.
/// </remarks>
public sealed class Checkpoint
{
    public const string StateFile = "state.json";

    private const int Format = 1;
    private const int MaxStateBytes = 64 << 20;
    private const string SealPrefix = ",\"crc32c\":\"";
    private const string SealSuffix = "\"}\n";

    private Checkpoint(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, JsonElement state)
    {
        Files = files;
        State = state;
    }

    /// <summary>Contents by file name, without <see cref="StateFile"/>.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Files { get; }

    /// <summary>What the trainer stored beside the files.</summary>
    public JsonElement State { get; }

    /// <summary>The bytes of <see cref="StateFile"/> for these files.</summary>
    public static byte[] Seal(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, JsonElement state)
    {
        ArgumentNullException.ThrowIfNull(files);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteStartObject("files");
            foreach ((string name, ReadOnlyMemory<byte> bytes) in files)
            {
                json.WriteStartObject(name);
                json.WriteNumber("bytes", bytes.Length);
                json.WriteString("crc32c", Hex(Crc32C.Of(bytes.Span)));
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WritePropertyName("state");
            state.WriteTo(json);
            json.WriteEndObject();
        }

        // The closing brace comes after the seal.
        ReadOnlySpan<byte> content = buffer.GetBuffer().AsSpan(0, (int)buffer.Length - 1);
        return [.. content, .. Encoding.ASCII.GetBytes(SealPrefix + Hex(Crc32C.Of(content)) + SealSuffix)];
    }

    /// <summary>Reads and verifies a checkpoint folder.</summary>
    /// <exception cref="CheckpointException">Something is missing or damaged; the message names the file.</exception>
    public static Checkpoint Open(string folder)
    {
        using JsonDocument document = OpenState(Path.Combine(folder, StateFile));
        JsonElement root = document.RootElement;
        Dictionary<string, ReadOnlyMemory<byte>> files = new(StringComparer.Ordinal);
        foreach (JsonProperty listed in root.GetProperty("files").EnumerateObject())
        {
            // The seal vouches that these are the names that were written, and those have no separators.
            string path = Path.Combine(folder, Path.GetFileName(listed.Name));
            byte[] bytes = Read(path, listed.Value.GetProperty("bytes").GetInt64());
            string expected = listed.Value.GetProperty("crc32c").GetString()!;
            string actual = Hex(Crc32C.Of(bytes));
            if (!string.Equals(expected, actual, StringComparison.Ordinal))
            {
                throw new CheckpointException($"{path}: damaged: expected CRC-32C {expected} but got {actual}");
            }

            files.Add(listed.Name, bytes);
        }

        return new Checkpoint(files, root.GetProperty("state").Clone());
    }

    private static JsonDocument OpenState(string path)
    {
        byte[] bytes = Read(path, length: null);
        int sealLength = SealPrefix.Length + 8 + SealSuffix.Length;
        if (bytes.Length <= sealLength)
        {
            throw new CheckpointException(
                $"{path}: damaged: expected more than {sealLength} bytes but got {bytes.Length}");
        }

        ReadOnlySpan<byte> content = bytes.AsSpan(0, bytes.Length - sealLength);
        string expected = SealPrefix + Hex(Crc32C.Of(content)) + SealSuffix;
        if (!bytes.AsSpan(content.Length).SequenceEqual(Encoding.ASCII.GetBytes(expected)))
        {
            throw new CheckpointException($"{path}: damaged: its content does not have the checksum at its end");
        }

        JsonDocument document = JsonDocument.Parse(bytes);
        int format = document.RootElement.GetProperty("format").GetInt32();
        if (format == Format)
        {
            return document;
        }

        document.Dispose();
        throw new CheckpointException($"{path}: expected checkpoint format {Format} but got {format}");
    }

    private static byte[] Read(string path, long? length)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                throw new CheckpointException($"{path}: this file of the checkpoint is missing");
            }

            if (length is { } expected ? file.Length != expected : file.Length > MaxStateBytes)
            {
                throw new CheckpointException(
                    $"{path}: damaged: expected {length ?? MaxStateBytes} bytes but got {file.Length}");
            }

            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private static string Hex(uint crc) => crc.ToString("x8", CultureInfo.InvariantCulture);
}
