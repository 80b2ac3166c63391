namespace KdKernels.Core;

/// <summary>
/// A launch's scratch memory: the counters that every kernel leaves zero, then the partial sums. The counters come
/// first, so that calls of any size, one after the other in a stream, find the same zeros.
/// </summary>
/// <param name="Counters">Int32, <see cref="CounterCount"/> of them.</param>
/// <param name="Partials">Float64.</param>
internal readonly record struct Workspace(DeviceView Counters, DeviceView Partials)
{
    /// <summary>The first for the blocks of a launch; the others as a kernel likes, such as one for each sample.</summary>
    public const int CounterCount = 1024;

    public const int CounterBytes = CounterCount * sizeof(int);
    private const int Alignment = 256;

    /// <exception cref="InvalidOperationException">The queue's memory is not as it promises.</exception>
    public static Workspace Of(CudaQueue queue, long partialSlots)
    {
        long bytes = CounterBytes + (partialSlots * sizeof(double));
        nint address = queue.Workspace(bytes);
        if (address == 0 || address % Alignment != 0)
        {
            throw new InvalidOperationException(
                $"expected {bytes} bytes of workspace on cuda:{queue.Device} at a multiple of {Alignment} "
                + $"but got address 0x{address:x}");
        }

        var start = (ulong)address;
        return new Workspace(
            new DeviceView(start, CounterCount), new DeviceView(start + CounterBytes, partialSlots));
    }
}
