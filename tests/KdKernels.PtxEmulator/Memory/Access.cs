namespace KdKernels.PtxEmulator.Memory;

[Flags]
internal enum Access
{
    Read = 1,
    Write = 2,

    /// <summary>Through the read-only path (ld.global.nc).</summary>
    ReadOnly = 4,

    /// <summary>Volatile or relaxed: does not race with its like.</summary>
    Strong = 8,
    Atomic = Read | Write | Strong,
}
