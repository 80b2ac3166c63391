using KdKernels.PtxEmulator.Memory;

namespace KdKernels.PtxEmulator.Execution;

/// <summary>The block that runs now.</summary>
internal sealed class BlockState(PtxEntry kernel, Dim3 block, Dim3 grid, int multiprocessors)
{
    public PtxEntry Kernel { get; } = kernel;

    public Dim3 Size { get; } = block;

    public Dim3 Grid { get; } = grid;

    public int Multiprocessors { get; } = multiprocessors;

    public int Threads { get; } = checked((int)block.Count);

    public Dim3 Index { get; private set; }

    public BlockHistory Order { get; } = new();

    public MemorySystem Memory { get; set; } = null!;

    /// <summary>The kernel's parameters, laid out.</summary>
    public byte[] Parameters { get; set; } = [];

    public int DynamicSharedBytes { get; set; }

    public int MaxPaths { get; private set; }

    public long Divergences { get; private set; }

    /// <summary>The clock registers: instructions of warps issued so far.</summary>
    public long Clock { get; set; }

    public bool OtherPathFirst { get; set; }

    /// <summary>Seed and bound of the disturbance of approximate functions; no disturbance where it is null.</summary>
    public ulong? Disturbance { get; set; }

    public void Start(long index)
    {
        Index = new Dim3((int)(index % Grid.X), (int)(index / Grid.X % Grid.Y), (int)(index / Grid.X / Grid.Y));
        Order.Start((int)index);
        Order.StartedBlocks++;
    }

    public void CountDivergence(int paths)
    {
        Divergences++;
        MaxPaths = Math.Max(MaxPaths, paths + 1);
    }

    public Dim3 Thread(int thread) =>
        new(thread % Size.X, thread / Size.X % Size.Y, thread / Size.X / Size.Y);

    public string Describe() => $"({Index.X}, {Index.Y}, {Index.Z})";

    public string DescribeThread(int thread)
    {
        Dim3 at = Thread(thread);
        return $"({at.X}, {at.Y}, {at.Z})";
    }
}
