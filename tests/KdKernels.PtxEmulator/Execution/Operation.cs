namespace KdKernels.PtxEmulator.Execution;

internal enum Flow : byte
{
    Next,
    Branch,
    Exit,
    Barrier,
}

/// <summary>
/// One decoded instruction. Registers are offsets into the warp's register file; a register's number in the masks of
/// initialised lanes is its offset in units of <see cref="Registers.Granule"/>, and number 0 is always initialised.
/// </summary>
internal abstract class Operation
{
    public int Line { get; set; }

    public string Text { get; set; } = "";

    public string Form { get; set; } = "";

    public InstructionClass Class { get; set; }

    public virtual Flow Flow => Flow.Next;

    /// <summary>Offset of the predicate register, 0 for none.</summary>
    public int Guard { get; set; }

    /// <summary>All ones for a negated predicate.</summary>
    public uint GuardFlip { get; set; }

    /// <summary>Numbers of the registers read, checked before execution.</summary>
    public int[] Reads { get; set; } = [];

    /// <summary>Numbers of the registers written.</summary>
    public int[] Writes { get; set; } = [];

    public int Index { get; set; }

    public abstract void Execute(Warp warp, uint mask);
}
