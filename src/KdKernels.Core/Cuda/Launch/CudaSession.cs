namespace KdKernels.Core;

/// <summary>
/// One op's launches, one after the other in the stream: the device's turn and context, and the workspace. Nothing waits
/// for the GPU.
/// </summary>
internal readonly ref struct CudaSession : IDisposable
{
    private readonly CudaQueue queue;
    private readonly Lock.Scope turn;
    private readonly ContextScope context;

    private CudaSession(CudaQueue queue, CudaDevice device, long partialSlots)
    {
        this.queue = queue;
        Device = device;
        turn = device.TakeTurn();
        try
        {
            Workspace = Workspace.Of(queue, partialSlots);
            context = device.Enter();
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    public CudaDevice Device { get; }

    /// <summary>Counters, zero now and after each kernel, and <c>partialSlots</c> float64 values of whatever.</summary>
    public Workspace Workspace { get; }

    /// <summary>The device of a queue, for choosing kernels before the session begins.</summary>
    public static CudaDevice DeviceOf(CudaQueue queue) => queue.Runtime.Device(queue.Device);

    /// <param name="queue">Where the launches go.</param>
    /// <param name="partialSlots">Float64 slots of scratch memory.</param>
    public static CudaSession Begin(CudaQueue queue, long partialSlots) =>
        new(queue, DeviceOf(queue), partialSlots);

    /// <summary>Blocks of a kernel that the device holds at once.</summary>
    public long Resident(CudaKernel kernel) => (long)Device.Multiprocessors * kernel.Load(queue).ResidentBlocks;

    /// <summary>
    /// Launches a kernel whose blocks loop over <paramref name="tiles"/> pieces of work: as many blocks as the device
    /// holds, and no more than there are pieces. Without any, one block still writes the result of a reduction.
    /// </summary>
    public void Launch<T>(CudaKernel kernel, long tiles, in T arguments)
        where T : unmanaged =>
        kernel.Launch(queue, (int)Math.Clamp(tiles, 1, Resident(kernel)), arguments);

    /// <summary>Launches exactly so many blocks.</summary>
    public void LaunchBlocks<T>(CudaKernel kernel, int blocks, in T arguments)
        where T : unmanaged => kernel.Launch(queue, blocks, arguments);

    public void Dispose()
    {
        context.Dispose();
        turn.Dispose();
    }
}
