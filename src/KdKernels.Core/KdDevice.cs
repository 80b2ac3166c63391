namespace KdKernels.Core;

/// <summary>The kinds of devices that memory can lie on.</summary>
public enum KdDeviceType
{
    /// <summary>Memory of this process.</summary>
    Cpu,

    /// <summary>Memory of an NVIDIA GPU.</summary>
    Cuda,
}

/// <summary>Where memory lies and is computed on. The default value is the CPU.</summary>
/// <param name="Type">The kind of device.</param>
/// <param name="Index">Which of them: CUDA's ordinal, as torch counts; 0 on the CPU.</param>
public readonly record struct KdDevice(KdDeviceType Type, int Index)
{
    /// <summary>This process's memory.</summary>
    public static KdDevice Cpu => default;

    /// <summary>The CUDA device of that ordinal.</summary>
    public static KdDevice Cuda(int index) => new(KdDeviceType.Cuda, index);

    /// <summary>As torch writes it: <c>cpu</c>, <c>cuda:0</c>.</summary>
    public override string ToString() => Type == KdDeviceType.Cpu ? "cpu" : $"cuda:{Index}";
}
