using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernel that counts the valid rows takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CountArguments
{
    public DeviceView Labels;
    public DeviceView Counters;
    public long Rows;
    public long IgnoreIndex;
}
