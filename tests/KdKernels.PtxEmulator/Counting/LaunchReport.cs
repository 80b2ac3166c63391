namespace KdKernels.PtxEmulator;

/// <summary>What a kernel did to one allocation. Bytes that several lanes of a warp read together count once.</summary>
public sealed record BufferTraffic(
    string Name, ulong Address, long Length, long ReadBytes, long DistinctReadBytes, long WrittenBytes,
    long DistinctWrittenBytes)
{
    /// <summary>Bytes read again: through a cache on a device, if they are still there.</summary>
    public long RereadBytes => ReadBytes - DistinctReadBytes;
}

/// <summary>One instruction of the kernel: how often it ran and what its accesses cost.</summary>
/// <param name="Line">The line in the PTX.</param>
/// <param name="Text">The instruction.</param>
/// <param name="Class">What it occupies.</param>
/// <param name="Warps">How often a warp issued it.</param>
/// <param name="Lanes">How many lanes took part, over all issues.</param>
/// <param name="Bytes">Bytes that the lanes asked for.</param>
/// <param name="Transactions">Sectors of global memory or wavefronts of shared memory.</param>
/// <param name="IdealTransactions">The fewest for the same bytes.</param>
public sealed record InstructionProfile(
    int Line, string Text, InstructionClass Class, long Warps, long Lanes, long Bytes, long Transactions,
    long IdealTransactions);

/// <summary>Counts of one launch.</summary>
public sealed class LaunchReport
{
    internal LaunchReport(
        IReadOnlyList<InstructionProfile> instructions, IReadOnlyList<BufferTraffic> buffers, double seconds)
    {
        Instructions = instructions;
        Buffers = buffers;
        Seconds = seconds;
    }

    /// <summary>Every instruction of the kernel in the order of its text.</summary>
    public IReadOnlyList<InstructionProfile> Instructions { get; }

    /// <summary>Every allocation that was touched.</summary>
    public IReadOnlyList<BufferTraffic> Buffers { get; }

    /// <summary>Time that the emulation took.</summary>
    public double Seconds { get; }

    /// <summary>Instructions times the lanes that took part.</summary>
    public long LaneInstructions => Instructions.Sum(i => i.Lanes);

    /// <summary>Instructions issued by warps.</summary>
    public long WarpInstructions => Instructions.Sum(i => i.Warps);

    /// <summary>Speed of the emulation.</summary>
    public double LaneInstructionsPerSecond => LaneInstructions / Math.Max(Seconds, 1e-9);

    /// <summary>The deepest nesting of diverged paths; 1 if no branch diverged.</summary>
    public int MaxPaths { get; internal init; }

    /// <summary>Branches that split a warp.</summary>
    public long Divergences { get; internal init; }

    /// <summary>Global bytes read, each access's distinct bytes.</summary>
    public long ReadBytes => Buffers.Sum(b => b.ReadBytes);

    /// <summary>Global bytes read at least once: what must come from memory.</summary>
    public long DistinctReadBytes => Buffers.Sum(b => b.DistinctReadBytes);

    /// <summary>Global bytes written, each access's distinct bytes.</summary>
    public long WrittenBytes => Buffers.Sum(b => b.WrittenBytes);

    /// <summary>Global bytes written at least once.</summary>
    public long DistinctWrittenBytes => Buffers.Sum(b => b.DistinctWrittenBytes);

    /// <summary>32-byte sectors of the global loads and stores.</summary>
    public long GlobalSectors => Sum(InstructionClass.Global, i => i.Transactions);

    /// <summary>The fewest sectors in which the same requests could be served.</summary>
    public long IdealGlobalSectors => Sum(InstructionClass.Global, i => i.IdealTransactions);

    /// <summary>Wavefronts of the shared loads and stores.</summary>
    public long SharedWavefronts => Sum(InstructionClass.Shared, i => i.Transactions);

    /// <summary>Wavefronts without any bank conflict.</summary>
    public long IdealSharedWavefronts => Sum(InstructionClass.Shared, i => i.IdealTransactions);

    /// <summary>Instructions of a class that warps issued.</summary>
    public long Warps(InstructionClass kind) => Sum(kind, i => i.Warps);

    /// <summary>Instructions of a class, times lanes.</summary>
    public long Lanes(InstructionClass kind) => Sum(kind, i => i.Lanes);

    private long Sum(InstructionClass kind, Func<InstructionProfile, long> what) =>
        Instructions.Where(i => i.Class == kind).Sum(what);
}
