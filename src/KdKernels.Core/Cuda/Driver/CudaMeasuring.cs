namespace KdKernels.Core;

/// <summary>
/// Streams, events, graphs and memory of one device for the GPU harness, where torch does not provide them. The
/// device's context is current while this is used (<see cref="CudaDevice.Enter"/>). Every failing call throws
/// <see cref="CudaException"/>.
/// </summary>
internal sealed unsafe class CudaMeasuring(ICudaDriver driver)
{
    private const int DefaultFlags = 0;

    // CU_STREAM_NON_BLOCKING: does not wait for the default stream, which cannot be captured.
    private const int NonBlocking = 1;

    // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may go on allocating.
    private const int CaptureOfThisThread = 1;

    public nint Allocate(long bytes)
    {
        nint address;
        Check(CudaApi.MemAlloc(&address, (nuint)bytes), "cuMemAlloc", $"{bytes} bytes");
        return address;
    }

    public void Free(nint address) => Check(CudaApi.MemFree(address), "cuMemFree");

    public void CopyToDevice<T>(nint target, ReadOnlySpan<T> source)
        where T : unmanaged
    {
        fixed (T* data = source)
            Check(CudaApi.MemcpyHtoD(target, data, (nuint)source.Length * (nuint)sizeof(T)), "cuMemcpyHtoD");
    }

    public void CopyToHost<T>(Span<T> target, nint source)
        where T : unmanaged
    {
        fixed (T* data = target)
            Check(CudaApi.MemcpyDtoH(data, source, (nuint)target.Length * (nuint)sizeof(T)), "cuMemcpyDtoH");
    }

    /// <summary>On the device: what the bandwidth of every kernel is compared with.</summary>
    public void Copy(nint target, nint source, long bytes, nint stream) =>
        Check(CudaApi.MemcpyDtoDAsync(target, source, (nuint)bytes, stream), "cuMemcpyDtoDAsync");

    public nint CreateStream()
    {
        nint stream;
        Check(CudaApi.StreamCreate(&stream, NonBlocking), "cuStreamCreate");
        return stream;
    }

    public void DestroyStream(nint stream) => Check(CudaApi.StreamDestroy(stream), "cuStreamDestroy");

    public void Synchronize(nint stream) => Check(driver.Synchronize(stream), "cuStreamSynchronize");

    public nint CreateEvent()
    {
        nint created;
        Check(CudaApi.EventCreate(&created, DefaultFlags), "cuEventCreate");
        return created;
    }

    public void Record(nint recorded, nint stream) => Check(CudaApi.EventRecord(recorded, stream), "cuEventRecord");

    /// <summary>Waits for the second event. In microseconds; the driver resolves about half of one.</summary>
    public double MicrosecondsBetween(nint start, nint end)
    {
        Check(CudaApi.EventSynchronize(end), "cuEventSynchronize");
        float milliseconds;
        Check(CudaApi.EventElapsedTime(&milliseconds, start, end), "cuEventElapsedTime");
        return milliseconds * 1e3;
    }

    public void DestroyEvent(nint destroyed) => Check(CudaApi.EventDestroy(destroyed), "cuEventDestroy");

    /// <summary>Captures what <paramref name="work"/> puts on the stream, which is not run.</summary>
    /// <returns>A graph for <see cref="Launch"/>; destroy it with <see cref="DestroyGraph"/>.</returns>
    public nint Capture(nint stream, Action work)
    {
        Check(CudaApi.StreamBeginCapture(stream, CaptureOfThisThread), "cuStreamBeginCapture");
        nint graph = 0;
        CudaResult ended;
        try
        {
            work();
        }
        finally
        {
            // A capture that is left open would make every later call on the stream fail.
            ended = CudaApi.StreamEndCapture(stream, &graph);
        }

        Check(ended, "cuStreamEndCapture");
        nint executable;
        CudaResult made = CudaApi.GraphInstantiateWithFlags(&executable, graph, DefaultFlags);
        Check(CudaApi.GraphDestroy(graph), "cuGraphDestroy");
        Check(made, "cuGraphInstantiateWithFlags");
        return executable;
    }

    public void Launch(nint executable, nint stream) =>
        Check(CudaApi.GraphLaunch(executable, stream), "cuGraphLaunch");

    public void DestroyGraph(nint executable) => Check(CudaApi.GraphExecDestroy(executable), "cuGraphExecDestroy");

    /// <summary>What the driver's compiler made of a kernel.</summary>
    public int Attribute(nint function, CudaFunctionAttribute attribute)
    {
        int value;
        Check(CudaApi.FuncGetAttribute(&value, attribute, function), "cuFuncGetAttribute", attribute.ToString());
        return value;
    }

    private void Check(CudaResult result, string call, string subject = "") => driver.Check(result, call, subject);
}
