using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Decoding;

/// <summary>A kernel ready to run.</summary>
internal sealed class KernelCode
{
    public required Operation[] Operations { get; init; }

    public required Registers Registers { get; init; }

    /// <summary>Names of registers by their numbers, for errors.</summary>
    public required IReadOnlyDictionary<int, string> RegisterNames { get; init; }

    /// <summary>Per register the lanes that are initialised when a thread starts: all for constants.</summary>
    public required uint[] InitiallyWritten { get; init; }

    public required int LocalBytes { get; init; }

    /// <summary>Shared memory of the declared arrays; a dynamic array starts behind them.</summary>
    public required int SharedBytes { get; init; }
}
