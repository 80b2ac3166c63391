using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>Whose workspace it is.</summary>
/// <param name="Device">Ordinal of the device.</param>
/// <param name="Stream">A stream of it.</param>
/// <param name="Capture">The capture that the stream is part of; 0: none.</param>
internal sealed record WorkspaceOwner(int Device, nint Stream, ulong Capture);

/// <summary>
/// One zeroed tensor per owner, grown when a call needs more. What a stream outgrows goes back to torch's allocator, which
/// gives it to later work of that stream only. A capture has its own, which the graph's memory pool holds: the zeroing is part
/// of the graph, and a replay cannot meet work of the stream that the capture was made on.
/// </summary>
/// <param name="allocate">Zeroed bytes on a device, from the current stream's pool.</param>
internal sealed class WorkspaceCache(Func<int, long, Tensor> allocate)
{
    // More than the partial sums of most calls need, so that growth, and the zeroing with it, is rare.
    private const long Smallest = 1 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<WorkspaceOwner, (Tensor Memory, long Bytes)> workspaces = [];

    /// <summary>How many owners have memory.</summary>
    internal int Count
    {
        get
        {
            lock (gate) return workspaces.Count;
        }
    }

    /// <summary>Address of the owner's memory, at least <paramref name="bytes"/> of it.</summary>
    internal nint Get(WorkspaceOwner owner, long bytes)
    {
        lock (gate)
        {
            Forget(other => other.Capture != 0 && other.Device == owner.Device && other.Stream == owner.Stream && other != owner);
            if (!workspaces.TryGetValue(owner, out var workspace) || workspace.Bytes < bytes)
            {
                long size = Math.Max(Smallest, Math.Max(bytes, 2 * workspace.Bytes));
                var memory = allocate(owner.Device, size).DetachFromDisposeScope();
                workspace.Memory?.Dispose();
                workspaces[owner] = workspace = (memory, size);
            }
            return TensorMemory.Address(workspace.Memory);
        }
    }

    /// <summary>
    /// A stream that is asked for something else has ended its earlier captures. The graphs' pools keep the memory as long as the
    /// graphs live.
    /// </summary>
    private void Forget(Func<WorkspaceOwner, bool> ended)
    {
        foreach (var owner in workspaces.Keys.Where(ended).ToArray())
        {
            workspaces.Remove(owner, out var workspace);
            workspace.Memory.Dispose();
        }
    }
}
