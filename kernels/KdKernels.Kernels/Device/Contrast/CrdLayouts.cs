namespace KdKernels.Kernels.Device.Contrast;

/// <summary>How rows of the bank lie over the lanes of a warp; constants that the compiler sees through the type.</summary>
public interface ICrdLayout
{
    /// <summary>Lanes of one row, 16 or 32.</summary>
    int Lanes { get; }

    /// <summary>The longest row, in elements.</summary>
    int MaxDimension { get; }
}

/// <summary>A warp to a row of up to 128 elements.</summary>
public readonly struct WarpRows128 : ICrdLayout
{
    public int Lanes => 32;

    public int MaxDimension => 128;
}

/// <summary>Half a warp to a row of up to 128 elements.</summary>
public readonly struct HalfWarpRows128 : ICrdLayout
{
    public int Lanes => 16;

    public int MaxDimension => 128;
}

/// <summary>A warp to a row of up to 512 elements.</summary>
public readonly struct WarpRows512 : ICrdLayout
{
    public int Lanes => 32;

    public int MaxDimension => 512;
}
