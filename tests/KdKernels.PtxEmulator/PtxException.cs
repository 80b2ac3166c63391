namespace KdKernels.PtxEmulator;

/// <summary>What a PTX text or its execution did wrong.</summary>
public enum PtxError
{
    /// <summary>The text is not PTX as ptxas would take it.</summary>
    Syntax,

    /// <summary>
    /// An instruction, modifier, type or operand that ptxas rejects or that the emulator does not know.
    /// </summary>
    Unsupported,

    /// <summary>A launch that does not fit the kernel: parameters, block size, shared memory.</summary>
    Launch,

    /// <summary>An access outside every live allocation.</summary>
    OutOfBounds,

    /// <summary>An address that is not a multiple of the access size.</summary>
    Misaligned,

    /// <summary>A read of bytes that nobody has written.</summary>
    UninitialisedMemory,

    /// <summary>A read of a register that this thread has not written.</summary>
    UninitialisedRegister,

    /// <summary>Two threads of a block touch one word without a barrier between, and one of them writes.</summary>
    BlockRace,

    /// <summary>Two blocks touch one word without fence and atomic between, and one of them writes.</summary>
    GridRace,

    /// <summary>A location read through the read-only path was written in the same launch.</summary>
    ReadOnlyWritten,

    /// <summary>A barrier that not all threads reach.</summary>
    BarrierDivergence,

    /// <summary>
    /// A warp-wide instruction whose lanes are not all there, or <c>.uni</c> on a branch that is not uniform.
    /// </summary>
    WarpDivergence,

    /// <summary>The limit of instructions was reached: an endless loop.</summary>
    Endless,

    /// <summary><c>trap</c>, or an instruction with an undefined result.</summary>
    Trap,
}

/// <summary>An error of a kernel, with the place where it happened.</summary>
public sealed class PtxException : Exception
{
    /// <summary>An error without a place.</summary>
    public PtxException(string message)
        : this(PtxError.Syntax, message)
    {
    }

    /// <summary>An error without a place, caused by another.</summary>
    public PtxException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>An error without a place.</summary>
    public PtxException()
        : this(PtxError.Syntax, "PTX error")
    {
    }

    internal PtxException(PtxError error, string message, string kernel = "", int line = 0, string text = "",
        string where = "")
        : base(Describe(message, kernel, line, text, where))
    {
        Error = error;
        Kernel = kernel;
        Line = line;
        Text = text;
    }

    /// <summary>The kind of error.</summary>
    public PtxError Error { get; }

    /// <summary>The kernel, empty where the module itself is wrong.</summary>
    public string Kernel { get; } = "";

    /// <summary>The line of the PTX text, from 1; 0 where there is none.</summary>
    public int Line { get; }

    /// <summary>The instruction.</summary>
    public string Text { get; } = "";

    private static string Describe(string message, string kernel, int line, string text, string where)
    {
        string place = kernel;
        if (line > 0)
            place += (place.Length > 0 ? ", " : "") + $"line {line}: {text}";
        if (where.Length > 0)
            place += $" ({where})";
        return place.Length > 0 ? $"{message} [{place}]" : message;
    }
}
