using System.Collections.Frozen;

namespace KdKernels.Distillation.Formats;

/// <summary>Element types of the safetensors format, under its own names.</summary>
public enum SafetensorsType
{
    Bool,
    U8,
    I8,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    F64,
    I64,
    U64,
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Unique within the file.</param>
/// <param name="Type">Of its elements.</param>
/// <param name="Shape">Empty for a scalar; C order.</param>
/// <param name="Offset">Of its first byte, from the start of the data section.</param>
/// <param name="Bytes">Its length.</param>
public sealed record SafetensorsEntry(
    string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Offset, long Bytes);

internal static class SafetensorsTypes
{
    private static readonly (SafetensorsType Type, string Name, int Size)[] Table =
    [
        (SafetensorsType.Bool, "BOOL", 1),
        (SafetensorsType.U8, "U8", 1),
        (SafetensorsType.I8, "I8", 1),
        (SafetensorsType.I16, "I16", 2),
        (SafetensorsType.U16, "U16", 2),
        (SafetensorsType.F16, "F16", 2),
        (SafetensorsType.BF16, "BF16", 2),
        (SafetensorsType.I32, "I32", 4),
        (SafetensorsType.U32, "U32", 4),
        (SafetensorsType.F32, "F32", 4),
        (SafetensorsType.F64, "F64", 8),
        (SafetensorsType.I64, "I64", 8),
        (SafetensorsType.U64, "U64", 8),
    ];

    private static readonly FrozenDictionary<string, SafetensorsType> ByName = Table.ToFrozenDictionary(
        row => row.Name, row => row.Type, StringComparer.Ordinal);

    public static string NameOf(SafetensorsType type) => Table[(int)type].Name;

    public static int SizeOf(SafetensorsType type) => Table[(int)type].Size;

    public static bool TryParse(string name, out SafetensorsType type) => ByName.TryGetValue(name, out type);

    /// <summary>Bytes of a tensor; null where the product overflows.</summary>
    public static long? Bytes(SafetensorsType type, IEnumerable<long> shape)
    {
        // A zero anywhere makes the tensor empty, but the other sizes must still be sane.
        Int128 bytes = SizeOf(type);
        bool empty = false;
        foreach (long size in shape)
        {
            if (size < 0)
            {
                return null;
            }

            empty |= size == 0;
            bytes *= Math.Max(size, 1);
            if (bytes > long.MaxValue)
            {
                return null;
            }
        }

        return empty ? 0 : (long)bytes;
    }
}
