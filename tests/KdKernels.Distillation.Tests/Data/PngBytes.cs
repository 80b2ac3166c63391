using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace KdKernels.Distillation.Tests.Data;

/// <summary>PNG files put together chunk by chunk, valid or not, with a CRC of its own, bit by bit.</summary>
internal static class PngBytes
{
    private static readonly byte[] Signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    public static byte[] File(params (string Type, byte[] Data)[] chunks)
    {
        var bytes = new List<byte>(Signature);
        foreach ((string type, byte[] data) in chunks)
        {
            byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
            bytes.AddRange([.. Word((uint)data.Length), .. body, .. Word(Crc(body))]);
        }

        return [.. bytes];
    }

    public static byte[] Header(uint width, uint height, byte depth, byte colour) =>
        [.. Word(width), .. Word(height), depth, colour, 0, 0, 0];

    public static byte[] Deflate(byte[] data)
    {
        using var memory = new MemoryStream();
        using (var zlib = new ZLibStream(memory, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(data);
        return memory.ToArray();
    }

    /// <summary>Pixels that the header declares, four bytes each, where a decoder would believe it.</summary>
    public static long DeclaredBytes(byte[] file)
    {
        if (file.Length < 24)
            return 0;
        uint width = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(16));
        uint height = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(20));
        long pixels = (long)width * height;
        return pixels is > 0 and <= 64L << 20 ? 4 * pixels : 0;
    }

    public static void RepairChecksums(byte[] file)
    {
        int at = 8;
        while (at + 12 <= file.Length)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (length > file.Length - at - 12)
                return;
            int end = at + 8 + (int)length;
            Word(Crc(file[(at + 4)..end])).CopyTo(file, end);
            at = end + 4;
        }
    }

    private static byte[] Word(uint value)
    {
        byte[] word = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(word, value);
        return word;
    }

    private static uint Crc(byte[] data)
    {
        uint crc = ~0u;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }

        return ~crc;
    }
}
