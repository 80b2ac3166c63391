namespace KdKernels.Core;

/// <summary>
/// The kernel that counts the valid rows into the second counter, ahead of a kernel that then divides by the count and
/// resets it.
/// </summary>
internal static class LabelCount
{
    /// <summary>Puts the count of the labels other than one on the queue. The device's context is current.</summary>
    public static void Launch(
        CudaDevice device, CudaQueue queue, RowsView labels, long ignoreIndex, in Workspace workspace)
    {
        CudaKernel kernel = device.CountKernel;
        var arguments = new CountArguments
        {
            Labels = DeviceView.Of(labels),
            Counters = workspace.Counters,
            Rows = labels.Rows,
            IgnoreIndex = ignoreIndex,
        };
        kernel.Launch(queue, GridSize.CountBlocks(device, labels.Rows), arguments);
    }

    /// <summary>
    /// Resets the count when the kernel that would have done so was not launched: the next call would add to it and be
    /// wrong without a word. A failure is not reported, since this already runs on account of one.
    /// </summary>
    public static void Forget(CudaDevice device, CudaQueue queue, in Workspace workspace) =>
        device.Runtime.Driver.Zero((nint)workspace.Counters.Address, Workspace.CounterBytes, queue.Stream);
}
