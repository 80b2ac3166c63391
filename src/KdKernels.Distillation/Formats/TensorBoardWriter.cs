using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace KdKernels.Distillation.Formats;

/// <summary>
/// Writes TensorBoard event files with scalars only: TFRecord frames (length, masked CRC-32C, data, masked CRC-32C)
/// around the three
/// protobuf messages Event, Summary and Summary.Value, encoded by hand so that the library needs no protobuf.
/// </summary>
public sealed class TensorBoardWriter : IDisposable
{
    // Protobuf field keys, (field number << 3) | wire type: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.
    private const byte EventWallTime = (1 << 3) | 1;
    private const byte EventStep = (2 << 3) | 0;
    private const byte EventFileVersion = (3 << 3) | 2;
    private const byte EventSummary = (5 << 3) | 2;
    private const byte SummaryValue = (1 << 3) | 2;
    private const byte ValueTag = (1 << 3) | 2;
    private const byte ValueSimple = (2 << 3) | 5;

    private readonly Stream stream;
    private readonly TimeProvider time;

    /// <param name="stream">Positioned where the file begins, or at the end of one that is continued; closed by <see
    /// cref="Dispose"/>.</param>
    /// <param name="time">Gives the wall times.</param>
    /// <param name="continued">True to append to a file that has its version record already.</param>
    public TensorBoardWriter(Stream stream, TimeProvider? time = null, bool continued = false)
    {
        this.stream = stream;
        this.time = time ?? TimeProvider.System;
        if (!continued)
        {
            var message = new ArrayBufferWriter<byte>();
            WriteWallTime(message);
            WriteText(message, EventFileVersion, "brain.Event:2");
            WriteRecord(message.WrittenSpan);
        }
    }

    /// <summary>A writer on a new file in <paramref name="folder"/>, named as TensorBoard finds it.</summary>
    public static TensorBoardWriter Create(string folder, TimeProvider? time = null)
    {
        Directory.CreateDirectory(folder);
        long seconds = (time ?? TimeProvider.System).GetUtcNow().ToUnixTimeSeconds();
        // A run that is resumed within a second must not write over the file that it wrote before.
        string path = Path.Combine(folder, $"events.out.tfevents.{seconds:D10}.kd");
        for (int i = 2; File.Exists(path); i++)
        {
            path = Path.Combine(folder, $"events.out.tfevents.{seconds:D10}.kd.{i}");
        }

        return new TensorBoardWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read), time);
    }

    /// <summary>One point of a curve.</summary>
    /// <param name="tag">The curve; slashes group curves.</param>
    /// <param name="value">Its value; TensorBoard stores float32.</param>
    /// <param name="step">Its place on the horizontal axis.</param>
    public void Scalar(string tag, double value, long step)
    {
        var scalar = new ArrayBufferWriter<byte>();
        WriteText(scalar, ValueTag, tag);
        scalar.GetSpan(5)[0] = ValueSimple;
        BinaryPrimitives.WriteSingleLittleEndian(scalar.GetSpan(5)[1..], (float)value);
        scalar.Advance(5);

        var summary = new ArrayBufferWriter<byte>();
        WriteBytes(summary, SummaryValue, scalar.WrittenSpan);

        var message = new ArrayBufferWriter<byte>();
        WriteWallTime(message);
        WriteByte(message, EventStep);
        WriteVarint(message, (ulong)step);
        WriteBytes(message, EventSummary, summary.WrittenSpan);
        WriteRecord(message.WrittenSpan);
    }

    public void Flush() => stream.Flush();

    public void Dispose() => stream.Dispose();

    private void WriteRecord(ReadOnlySpan<byte> data)
    {
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.Masked(header[..8]));
        Span<byte> footer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, Crc32C.Masked(data));
        stream.Write(header);
        stream.Write(data);
        stream.Write(footer);
    }

    private void WriteWallTime(ArrayBufferWriter<byte> message)
    {
        Span<byte> field = message.GetSpan(9);
        field[0] = EventWallTime;
        BinaryPrimitives.WriteDoubleLittleEndian(
            field[1..], (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds);
        message.Advance(9);
    }

    private static void WriteText(ArrayBufferWriter<byte> message, byte key, string text) =>
        WriteBytes(message, key, Encoding.UTF8.GetBytes(text));

    private static void WriteBytes(ArrayBufferWriter<byte> message, byte key, ReadOnlySpan<byte> bytes)
    {
        WriteByte(message, key);
        WriteVarint(message, (ulong)bytes.Length);
        message.Write(bytes);
    }

    private static void WriteByte(ArrayBufferWriter<byte> message, byte value)
    {
        message.GetSpan(1)[0] = value;
        message.Advance(1);
    }

    private static void WriteVarint(ArrayBufferWriter<byte> message, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            WriteByte(message, (byte)(value | 0x80));
        }

        WriteByte(message, (byte)value);
    }
}
