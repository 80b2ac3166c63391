using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>The kinds of <see cref="NativeValue"/>; kd_tag of kdtorch.h.</summary>
internal enum ArgTag
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Double = 3,
    Bool = 4,
    String = 5,
    IntList = 6,
    DoubleList = 7,
    BoolList = 8,
    TensorList = 9,
    Device = 10,
    Generator = 11,
}

/// <summary>kd_value of kdtorch.h: 16 bytes, as it crosses the boundary.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct NativeValue
{
    [FieldOffset(0)] internal ArgTag Tag;
    [FieldOffset(4)] internal int Length;
    [FieldOffset(8)] internal long Int;
    [FieldOffset(8)] internal double Double;
    [FieldOffset(8)] internal void* Pointer;
}

/// <summary>kd_tensor_info of kdtorch.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeTensorInfo
{
    internal void* Data;
    internal void* StorageData;
    internal long* Sizes;
    internal long* Strides;
    internal long NumberOfElements;
    internal long StorageOffset;
    internal long StorageBytes;
    internal int Dimensions;
    internal int ElementSize;
    internal int Dtype;
    internal int DeviceType;
    internal int DeviceIndex;
    internal byte RequiresGrad;
    internal byte IsLeaf;
    internal byte IsContiguous;
    internal byte HasGradFn;
}
