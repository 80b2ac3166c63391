namespace KdKernels.PtxEmulator;

/// <summary>The size of a grid or block, or a place in it.</summary>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    /// <summary>X * Y * Z.</summary>
    public long Count => (long)X * Y * Z;

    /// <summary>A size along X only.</summary>
    public static implicit operator Dim3(int x) => new(x);

    /// <summary>A size from a tuple.</summary>
    public static implicit operator Dim3((int X, int Y, int Z) size) => new(size.X, size.Y, size.Z);

    /// <summary>A size along X only.</summary>
    public static Dim3 FromInt32(int x) => new(x);

    /// <summary>A size from a tuple.</summary>
    public static Dim3 FromValueTuple((int X, int Y, int Z) size) => size;
}
