using System.Buffers.Binary;
using System.Text;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Tests.Formats;

public class SafetensorsTests
{
    /// <summary>Header, bytes of data, and part of the message.</summary>
    public static TheoryData<string, int, string> BadHeaders => new()
    {
        { "", 0, "expected '{' as its first byte" },
        { " {}", 0, "expected '{' as its first byte" },
        { "[]", 0, "expected '{' as its first byte" },
        { "{", 0, "not the JSON|header ends" },
        { "{}x", 0, "not the JSON" },
        { "{}", 1, "expected 0 bytes of data, as the tensors declare, but got 1" },
        { Entry("F32", "[1]", "[0,4]"), 3, "expected data_offsets within the 3 bytes" },
        { Entry("F32", "[1]", "[0,4]"), 5, "expected 4 bytes of data, as the tensors declare, but got 5" },
        { Entry("F32", "[1]", "[1,5]"), 5, "expected data_offsets to begin at 0" },
        { Entry("F32", "[2]", "[0,4]"), 4, "expected the bytes of F32 [2] but data_offsets span 4" },
        { Entry("F32", "[1]", "[4,0]"), 4, "expected data_offsets within" },
        { Entry("F32", "[-1]", "[0,4]"), 4, "whole numbers of at least 0" },
        { Entry("F32", "[1.5]", "[0,4]"), 4, "whole numbers of at least 0" },
        { Entry("F32", "[4294967296,4294967296]", "[0,0]"), 0, "expected the bytes of F32" },
        { Entry("F32", "[9223372036854775807,0]", "[0,0]"), 0, "expected the bytes of F32" },
        { Entry("F32", "[0,9223372036854775807,9223372036854775807]", "[0,0]"), 0, "expected the bytes of F32" },
        { Entry("F33", "[1]", "[0,4]"), 4, "expected a known dtype but got 'F33'" },
        { Entry("F32", "[1]", "[0]"), 4, "expected dtype, shape and data_offsets" },
        { Entry("F32", "[1]", "[0,4,4]"), 4, "at most 2 numbers" },
        { Entry("F32", "[" + string.Join(",", Enumerable.Repeat("1", 65)) + "]", "[0,4]"), 4, "at most 64 numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "expected dtype, shape and data_offsets" },
        {
            "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
            "once each but got 'dtype'"
        },
        {
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
            "a: this name occurs twice"
        },
        {
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3,
            "b: expected data_offsets to begin at 2"
        },
        { "{\"__metadata__\":{\"a\":1}}", 0, "expected String but got Number" },
        { "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "this name occurs twice" },
        { "{\"a\":[[[[[1]]]]]}", 0, "expected StartObject" },
        { "{\"a\":{\"x\":1}}", 0, "but got 'x'" },
    };

    [Fact]
    public void Writes_the_bytes_of_the_format()
    {
        byte[] file = SafetensorsWriter.ToArray(
            [
                new("b", SafetensorsType.U8, [3], new byte[] { 1, 2, 3 }),
                new("a", SafetensorsType.F32, [1, 1], new byte[] { 0, 0, 128, 63 }),
            ],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" });

        // Wide types first, header padded to eight bytes.
        const string Header = "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[4,7]}}";
        int padded = (Header.Length + 7) / 8 * 8;
        Assert.Equal((ulong)padded, BinaryPrimitives.ReadUInt64LittleEndian(file));
        Assert.Equal(Header.PadRight(padded), Encoding.ASCII.GetString(file, 8, padded));
        Assert.Equal([0, 0, 128, 63, 1, 2, 3], file[(8 + padded)..]);
    }

    [Fact]
    public void Reads_back_what_it_writes()
    {
        SafetensorsTensor[] tensors =
        [
            new("scalar", SafetensorsType.F64, [], new byte[8]),
            new("empty", SafetensorsType.I64, [3, 0], ReadOnlyMemory<byte>.Empty),
            new("halves ü\"", SafetensorsType.BF16, [2, 1], new byte[] { 1, 2, 3, 4 }),
            new("flags", SafetensorsType.Bool, [1], new byte[] { 1 }),
        ];

        SafetensorsReader file = SafetensorsReader.Parse(SafetensorsWriter.ToArray(tensors), "x");

        Assert.Equal(4, file.Entries.Count);
        Assert.Empty(file.Metadata);
        Assert.All(tensors, tensor =>
        {
            SafetensorsEntry entry = file.Find(tensor.Name)!;
            Assert.Equal(tensor.Type, entry.Type);
            Assert.Equal(tensor.Shape, entry.Shape);
            Assert.Equal(tensor.Data.ToArray(), file.Data(entry).ToArray());
        });
        Assert.Null(file.Find("other"));
    }

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public void Refuses_headers_that_lie(string header, int dataBytes, string message)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(
            () => SafetensorsReader.Parse(FileOf(header, dataBytes), "w.safetensors"));

        Assert.StartsWith("w.safetensors: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message.Split('|'), part => error.Message.Contains(part, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(100_000_001UL)]
    [InlineData(3UL)]
    public void Refuses_a_header_longer_than_the_file(ulong declared)
    {
        byte[] file = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(file, declared);

        Assert.Contains(
            "expected a header of at most 2 bytes",
            Assert.Throws<InvalidDataException>(() => SafetensorsReader.Parse(file, "w")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_every_truncation()
    {
        byte[] file = SafetensorsWriter.ToArray([new("a", SafetensorsType.F32, [2], new byte[8])]);

        for (int length = 0; length < file.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => SafetensorsReader.Parse(file.AsMemory(0, length), "w"));
        }
    }

    [Fact]
    public void Mutated_headers_are_read_or_refused_and_never_anything_else()
    {
        byte[] file = SafetensorsWriter.ToArray(
            [new("a", SafetensorsType.F32, [2], new byte[8]), new("b", SafetensorsType.I64, [1], new byte[8])],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" });
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        var random = new KdKernels.Core.PhiloxSequence(seed: 1, purpose: 2);
        int refused = 0;
        for (int trial = 0; trial < 20_000; trial++)
        {
            byte[] mutated = [.. file];
            for (int edit = 0; edit < 1 + trial % 3; edit++)
            {
                mutated[random.NextInt32(8 + header)] = (byte)random.NextInt32(256);
            }

            try
            {
                SafetensorsReader.Parse(mutated, "w");
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 10_000, 19_999);
    }

    [Fact]
    public void Refuses_to_write_a_tensor_whose_bytes_do_not_match_its_shape()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => SafetensorsWriter.ToArray([new("a", SafetensorsType.F32, [2], new byte[4])]));

        Assert.Contains("a: expected the bytes of F32 [2] but got 4", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("__metadata__", "b")]
    public void Refuses_to_write_a_name_twice(string first, string second) =>
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.ToArray(
            [new(first, SafetensorsType.U8, [0], default), new(second, SafetensorsType.U8, [0], default)]));

    private static string Entry(string type, string shape, string offsets) =>
        $"{{\"a\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}";

    private static byte[] FileOf(string header, int dataBytes)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)text.Length);
        text.CopyTo(file, 8);
        return file;
    }
}
