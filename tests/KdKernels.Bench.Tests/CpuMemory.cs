using System.Runtime.InteropServices;
using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Tests;

/// <summary>Operands of a case in this process, so that the library's CPU implementation computes it.</summary>
internal sealed unsafe class CpuMemory : CaseMemory, IDisposable
{
    private readonly Dictionary<GpuTensor, nint> addresses = [];

    public CpuMemory(IEnumerable<GpuTensor> tensors)
    {
        foreach (GpuTensor tensor in tensors)
            addresses.Add(tensor, (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(tensor.Bytes, 1), 64));
    }

    public override CudaQueue? Queue => null;

    protected override KdDevice Device => KdDevice.Cpu;

    /// <summary>The tensor's memory; a ReadOnlySpan of less than 2^31 bytes.</summary>
    public Span<byte> Bytes(GpuTensor tensor) => new((void*)addresses[tensor], checked((int)tensor.Bytes));

    public void Dispose()
    {
        foreach (nint address in addresses.Values) NativeMemory.AlignedFree((void*)address);
        addresses.Clear();
    }

    protected override nint AddressOf(GpuTensor tensor) => addresses[tensor];
}
