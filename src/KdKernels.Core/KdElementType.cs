namespace KdKernels.Core;

/// <summary>The element type of the memory behind a <see cref="RowsView"/>.</summary>
public enum KdElementType
{
    /// <summary>IEEE binary32.</summary>
    Float32,

    /// <summary>IEEE binary64.</summary>
    Float64,

    /// <summary>64-bit signed integers: labels.</summary>
    Int64,

    /// <summary>IEEE binary16, on CUDA.</summary>
    Float16,

    /// <summary>The upper half of a binary32, on CUDA.</summary>
    BFloat16,

    /// <summary>A byte, 0 or 1: masks.</summary>
    Bool,
}

internal static class ElementTypes
{
    /// <summary>Size of an element.</summary>
    public static int Bytes(this KdElementType type) => type switch
    {
        KdElementType.Float16 or KdElementType.BFloat16 => 2,
        KdElementType.Float32 => 4,
        KdElementType.Bool => 1,
        _ => 8,
    };
}
