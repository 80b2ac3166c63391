namespace KdKernels.PtxEmulator;

/// <summary>In which order the blocks of a grid run.</summary>
public enum BlockOrder
{
    /// <summary>By number.</summary>
    Forward,

    /// <summary>By number, the last first.</summary>
    Reverse,

    /// <summary>In an order drawn with <see cref="LaunchOptions.Seed"/>, which also shuffles the warps' turns and the
    /// order of diverged paths.</summary>
    Shuffled,
}

/// <summary>How a kernel is launched.</summary>
public sealed class LaunchOptions
{
    /// <summary>Blocks.</summary>
    public Dim3 Grid { get; init; } = new(1);

    /// <summary>Threads per block.</summary>
    public Dim3 Block { get; init; } = new(32);

    /// <summary>Dynamic shared memory.</summary>
    public int SharedBytes { get; init; }

    /// <summary>One array per parameter, or a single one that holds all of them laid out as a C struct.</summary>
    public IReadOnlyList<byte[]> Parameters { get; init; } = [];

    /// <summary>What <c>%nsmid</c> reads.</summary>
    public int Multiprocessors { get; init; } = 4;

    /// <summary>The order of the blocks.</summary>
    public BlockOrder BlockOrder { get; init; }

    /// <summary>Seed of everything that is drawn.</summary>
    public int Seed { get; init; }

    /// <summary>Moves the results of approximate instructions within their documented error, drawn with
    /// <see cref="Seed"/>.</summary>
    public bool DisturbApproximations { get; init; }

    /// <summary>
    /// Instructions that the warps of one block may issue together before the kernel counts as endless.
    /// </summary>
    public long MaxInstructionsPerBlock { get; init; } = 1L << 30;
}
