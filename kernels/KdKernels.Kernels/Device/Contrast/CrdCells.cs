using ILGPU;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>Reads an element that this thread may have written: not past the caches that do not see writes.</summary>
public interface ICrdCell<T>
    where T : unmanaged
{
    float Read(ref T address);
}

/// <summary>IEEE binary32.</summary>
public readonly struct Float32Cell : ICrdCell<float>
{
    public float Read(ref float address) => address;
}

/// <summary>IEEE binary16.</summary>
public readonly struct Float16Cell : ICrdCell<ushort>
{
    public float Read(ref ushort address) => Ptx.HalfToFloat(address);
}

/// <summary>The upper half of a binary32.</summary>
public readonly struct BFloat16Cell : ICrdCell<ushort>
{
    public float Read(ref ushort address) => Interop.IntAsFloat((uint)address << 16);
}
