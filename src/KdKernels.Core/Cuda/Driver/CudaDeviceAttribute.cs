namespace KdKernels.Core;

/// <summary>The driver's <c>CUdevice_attribute</c>: those that are asked for.</summary>
internal enum CudaDeviceAttribute
{
    MultiprocessorCount = 16,
    L2CacheBytes = 38,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
}
