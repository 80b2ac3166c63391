using KdKernels.Core;
using KdKernels.PtxEmulator;

namespace KdKernels.PtxVerify.Driver;

/// <summary>What an emulated device is like.</summary>
/// <param name="Multiprocessors">How many; together with the blocks that each holds, the most blocks of a grid.</param>
/// <param name="ResidentBlocks">Blocks that one holds at a time.</param>
/// <param name="BlockOrder">In which order blocks run.</param>
/// <param name="Seed">Of a drawn order.</param>
internal sealed record EmulatedGpuShape(
    int Multiprocessors = 2, int ResidentBlocks = 1, BlockOrder BlockOrder = BlockOrder.Forward, int Seed = 1);

/// <summary>A device without hardware: the library's launcher on the emulator.</summary>
internal sealed class EmulatedGpu : IDisposable
{
    public EmulatedGpu(PtxLibrary kernels, EmulatedGpuShape shape)
    {
        Memory = new DeviceMemory();
        Driver = new EmulatedDriver(Memory, shape);
        Queue = new EmulatedQueue(new CudaRuntime(Driver, kernels), Memory);
    }

    public DeviceMemory Memory { get; }

    public EmulatedDriver Driver { get; }

    public EmulatedQueue Queue { get; }

    public void Dispose() => Memory.Dispose();
}
