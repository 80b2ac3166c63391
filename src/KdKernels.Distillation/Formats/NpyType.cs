namespace KdKernels.Distillation.Formats;

/// <summary>Element types of the .npy files that are read and written here, all little-endian.</summary>
public enum NpyType
{
    /// <summary><c>&lt;f2</c>.</summary>
    F2,

    /// <summary><c>&lt;f4</c>.</summary>
    F4,

    /// <summary><c>&lt;f8</c>.</summary>
    F8,

    /// <summary><c>&lt;i4</c>.</summary>
    I4,

    /// <summary><c>&lt;i8</c>.</summary>
    I8,
}

/// <summary>The type descriptions of the format.</summary>
public static class NpyTypes
{
    private static readonly (NpyType Type, string Name, int Size)[] Table =
    [
        (NpyType.F2, "<f2", 2), (NpyType.F4, "<f4", 4), (NpyType.F8, "<f8", 8), (NpyType.I4, "<i4", 4),
        (NpyType.I8, "<i8", 8),
    ];

    /// <summary>The <c>descr</c> of the format, such as <c>&lt;f4</c>.</summary>
    public static string Name(this NpyType type) => Table[(int)type].Name;

    /// <summary>Bytes of an element.</summary>
    public static int Size(this NpyType type) => Table[(int)type].Size;

    internal static NpyType? Find(string name)
    {
        foreach ((NpyType type, string known, _) in Table)
        {
            if (string.Equals(known, name, StringComparison.Ordinal)) return type;
        }

        return null;
    }

    internal static string All => string.Join(", ", Table.Select(entry => entry.Name));
}
