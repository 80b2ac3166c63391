namespace TorchSharp.Utils;

/// <summary>Numbers in as few bytes as they need: seven bits each, the low ones first, the top bit set on all but the last.</summary>
internal static class Leb128
{
    private const int BitsPerByte = 7;
    private const int MaxBytes = 9;

    internal static void Write(BinaryWriter writer, long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        while (value > 0x7f)
        {
            writer.Write((byte)(value & 0x7f | 0x80));
            value >>= BitsPerByte;
        }
        writer.Write((byte)value);
    }

    /// <exception cref="InvalidDataException">The number goes beyond 63 bits.</exception>
    internal static long Read(BinaryReader reader)
    {
        long value = 0;
        for (int i = 0; i < MaxBytes; i++)
        {
            byte next = reader.ReadByte();
            value |= (long)(next & 0x7f) << (i * BitsPerByte);
            if (next < 0x80) return value;
        }
        throw new InvalidDataException($"expected a LEB128 number of at most {MaxBytes} bytes but got a longer one");
    }
}
