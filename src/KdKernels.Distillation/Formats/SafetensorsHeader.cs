using System.Text.Json;

namespace KdKernels.Distillation.Formats;

/// <summary>The JSON header of a safetensors file, checked while it is read.</summary>
internal sealed class SafetensorsHeader(string source, long dataBytes)
{
    private const int MaxRank = 64;

    private readonly List<SafetensorsEntry> entries = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public void Read(ReadOnlySpan<byte> header)
    {
        // The format demands the brace as the first byte, so that no white space hides in front.
        if (header.IsEmpty || header[0] != (byte)'{')
        {
            throw Error("", "expected '{' as its first byte");
        }

        var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 4 });
        json.Read();
        while (Next(ref json) != JsonTokenType.EndObject)
        {
            string name = json.GetString()!;
            if (!names.Add(name))
            {
                throw Error(name, "this name occurs twice");
            }

            if (string.Equals(name, SafetensorsReader.MetadataKey, StringComparison.Ordinal))
            {
                ReadMetadata(ref json);
            }
            else
            {
                entries.Add(ReadEntry(ref json, name));
            }
        }

        // Only padding may follow; the reader refuses anything else.
        while (json.Read())
        {
        }
    }

    /// <summary>The tensors by position. They must cover the data section exactly.</summary>
    public IReadOnlyList<SafetensorsEntry> Ordered()
    {
        entries.Sort((left, right) => (left.Offset, left.Bytes).CompareTo((right.Offset, right.Bytes)));
        long position = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Offset != position)
            {
                throw Error(
                    entry.Name,
                    $"expected data_offsets to begin at {position}, where the previous tensor ends, "
                    + $"but got {entry.Offset}");
            }

            position += entry.Bytes;
        }

        return position == dataBytes
            ? entries
            : throw Error("", $"expected {position} bytes of data, as the tensors declare, but got {dataBytes}");
    }

    private void ReadMetadata(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.StartObject, SafetensorsReader.MetadataKey);
        while (Next(ref json) != JsonTokenType.EndObject)
        {
            string key = json.GetString()!;
            Expect(ref json, JsonTokenType.String, $"{SafetensorsReader.MetadataKey}.{key}");
            if (!Metadata.TryAdd(key, json.GetString()!))
            {
                throw Error($"{SafetensorsReader.MetadataKey}.{key}", "this name occurs twice");
            }
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader json, string name)
    {
        SafetensorsType? type = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        Expect(ref json, JsonTokenType.StartObject, name);
        while (Next(ref json) != JsonTokenType.EndObject)
        {
            string key = json.GetString()!;
            switch (key)
            {
                case "dtype" when type is null:
                    type = ReadType(ref json, name);
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref json, name, MaxRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref json, name, 2);
                    break;
                default:
                    throw Error(name, $"expected dtype, shape and data_offsets once each but got '{key}'");
            }
        }

        if (type is null || shape is null || offsets is not [long begin, long end])
        {
            throw Error(name, "expected dtype, shape and data_offsets [begin, end]");
        }

        if (end < begin || end > dataBytes)
        {
            throw Error(name, $"expected data_offsets within the {dataBytes} bytes of data but got [{begin}, {end}]");
        }

        return SafetensorsTypes.Bytes(type.Value, shape) is { } bytes && bytes == end - begin
            ? new SafetensorsEntry(name, type.Value, shape, begin, bytes)
            : throw Error(
                name,
                $"expected the bytes of {SafetensorsTypes.NameOf(type.Value)} [{string.Join(", ", shape)}] "
                + $"but data_offsets span {end - begin}");
    }

    private SafetensorsType ReadType(ref Utf8JsonReader json, string name)
    {
        Expect(ref json, JsonTokenType.String, name);
        string text = json.GetString()!;
        return SafetensorsTypes.TryParse(text, out SafetensorsType type)
            ? type
            : throw Error(name, $"expected a known dtype but got '{text}'");
    }

    private List<long> ReadNumbers(ref Utf8JsonReader json, string name, int most)
    {
        List<long> numbers = [];
        Expect(ref json, JsonTokenType.StartArray, name);
        while (Next(ref json) != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0)
            {
                throw Error(name, "expected whole numbers of at least 0 in shape and data_offsets");
            }

            if (numbers.Count == most)
            {
                throw Error(name, $"expected at most {most} numbers in a list");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private void Expect(ref Utf8JsonReader json, JsonTokenType token, string name)
    {
        if (Next(ref json) != token)
        {
            throw Error(name, $"expected {token} but got {json.TokenType}");
        }
    }

    private JsonTokenType Next(ref Utf8JsonReader json) =>
        json.Read() ? json.TokenType : throw Error("", "expected more but the header ends");

    private InvalidDataException Error(string name, string problem) =>
        new($"{source}: header: {(name.Length > 0 ? name + ": " : "")}{problem}");
}
