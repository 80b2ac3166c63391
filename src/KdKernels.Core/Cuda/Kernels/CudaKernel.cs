using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>One kernel on one device: loaded when it is first needed, kept for as long as the process lives.</summary>
internal sealed class CudaKernel(CudaDevice device, string stem, PtxKernel kernel)
{
    private readonly Lock gate = new();
    private LoadedKernel? loaded;

    /// <summary>The manifest's entry.</summary>
    public PtxKernel Info => kernel;

    /// <summary>For messages: <c>TemperedKl/float32-warp-4</c>.</summary>
    public string Name => $"{stem}/{kernel.Name}";

    /// <summary>The kernel, ready to be launched. The device's context is current.</summary>
    /// <param name="queue">Where it will be launched; null: loaded in advance.</param>
    /// <exception cref="InvalidOperationException">It would have to be loaded while a graph is being
    /// captured.</exception>
    public LoadedKernel Load(CudaQueue? queue)
    {
        LoadedKernel? ready = Volatile.Read(ref loaded);
        if (ready is not null) return ready;
        lock (gate)
        {
            if (loaded is { } found) return found;
            if (queue is not null) RefuseCapture(queue);
            ready = ModuleLoader.Load(device, this);
            Volatile.Write(ref loaded, ready);
            return ready;
        }
    }

    /// <summary>Launches with one struct as the parameter. The device's context is current.</summary>
    /// <exception cref="CudaException">The driver refused, or (with KD_SYNC=1) the kernel faulted.</exception>
    public void Launch<T>(CudaQueue queue, int blocks, in T argument)
        where T : unmanaged
    {
        if (kernel.Parameters is not [{ } parameter] || parameter.Bytes != Unsafe.SizeOf<T>())
        {
            throw new InvalidDataException(
                $"expected kernel {Name} to take {typeof(T).Name} of {Unsafe.SizeOf<T>()} bytes but the manifest says "
                + string.Join(", ", kernel.Parameters.Select(other => $"{other.Type} of {other.Bytes}")));
        }

        LoadedKernel ready = Load(queue);
        var grid = new CudaGrid(blocks, kernel.Threads);
        bool waits = device.Runtime.Synchronises && !IsCapturing(queue);
        if (waits) Wait(queue, grid, "an earlier launch faulted, before this one");
        CudaResult result = device.Runtime.Driver.Launch(
            ready.Function, grid, queue.Stream, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in argument)));
        if (result != CudaResult.Success) throw device.Runtime.Driver.Failure(result, "cuLaunchKernel", Describe(grid));
        if (waits) Wait(queue, grid, "found by KD_SYNC=1");
    }

    private void Wait(CudaQueue queue, CudaGrid grid, string remark)
    {
        CudaResult result = device.Runtime.Driver.Synchronize(queue.Stream);
        if (result != CudaResult.Success)
            throw device.Runtime.Driver.Failure(result, "cuStreamSynchronize", Describe(grid), remark);
    }

    private void RefuseCapture(CudaQueue queue)
    {
        if (!IsCapturing(queue)) return;
        throw new InvalidOperationException(
            $"kernel {Name} is not loaded on {device.Name} yet, and nothing can be loaded while a graph is being "
            + "captured; call the op once with operands like these before the capture, or "
            + $"KdCuda.Preload({device.Index})");
    }

    private bool IsCapturing(CudaQueue queue)
    {
        if (queue.IsCapturing) return true;
        ICudaDriver driver = device.Runtime.Driver;
        driver.Check(driver.IsCapturing(queue.Stream, out bool capturing), "cuStreamIsCapturing", device.Name);
        return capturing;
    }

    private string Describe(CudaGrid grid) =>
        $"kernel {Name}, {grid.Blocks} blocks of {grid.Threads} threads with {kernel.SharedBytes} bytes of shared "
        + $"memory, {device.Name}";
}

/// <summary>A function of the driver, and how many of its blocks one multiprocessor holds at once.</summary>
internal sealed record LoadedKernel(nint Function, int ResidentBlocks);
