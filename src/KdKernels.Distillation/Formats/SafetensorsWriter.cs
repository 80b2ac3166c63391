using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace KdKernels.Distillation.Formats;

/// <summary>A tensor to be written: little-endian elements in C order.</summary>
public sealed record SafetensorsTensor(
    string Name, SafetensorsType Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data);

/// <summary>
/// Writes the safetensors format: header length (8 bytes, little-endian), JSON header, data. Wide element types come
/// first, so that
/// every tensor is aligned to its elements, and the header is padded with spaces to eight bytes, as the format's own
/// library does.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>The file as bytes.</summary>
    /// <exception cref="ArgumentException">A name occurs twice, or a tensor's bytes do not match its shape.</exception>
    public static byte[] ToArray(
        IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        SafetensorsTensor[] ordered = [.. tensors.OrderByDescending(tensor => SafetensorsTypes.SizeOf(tensor.Type))];
        byte[] header = Header(ordered, metadata);
        int padded = (header.Length + 7) / 8 * 8;
        byte[] file = new byte[checked(8 + padded + ordered.Sum(tensor => (long)tensor.Data.Length))];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)padded);
        header.CopyTo(file, 8);
        file.AsSpan(8 + header.Length, padded - header.Length).Fill((byte)' ');
        int position = 8 + padded;
        foreach (SafetensorsTensor tensor in ordered)
        {
            tensor.Data.Span.CopyTo(file.AsSpan(position));
            position += tensor.Data.Length;
        }

        return file;
    }

    private static byte[] Header(SafetensorsTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (metadata is { Count: > 0 })
        {
            json.WriteStartObject(SafetensorsReader.MetadataKey);
            foreach ((string key, string value) in metadata)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        long offset = 0;
        HashSet<string> names = new(StringComparer.Ordinal) { SafetensorsReader.MetadataKey };
        foreach (SafetensorsTensor tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"expected unique names but got '{tensor.Name}' twice", nameof(tensors));
            }

            if (SafetensorsTypes.Bytes(tensor.Type, tensor.Shape) != tensor.Data.Length)
            {
                throw new ArgumentException(
                    $"{tensor.Name}: expected the bytes of {tensor.Type} [{string.Join(", ", tensor.Shape)}] "
                    + $"but got {tensor.Data.Length}",
                    nameof(tensors));
            }

            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", SafetensorsTypes.NameOf(tensor.Type));
            json.WriteStartArray("shape");
            foreach (long size in tensor.Shape)
            {
                json.WriteNumberValue(size);
            }

            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(offset);
            json.WriteNumberValue(offset + tensor.Data.Length);
            json.WriteEndArray();
            json.WriteEndObject();
            offset += tensor.Data.Length;
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
