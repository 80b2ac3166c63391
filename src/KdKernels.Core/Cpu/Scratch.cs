using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// Memory of one thread that kernels keep a row's intermediate values in; it grows to the largest row seen.
/// </summary>
internal sealed unsafe class Scratch
{
    private const nuint Alignment = 64;

    [ThreadStatic]
    private static Scratch?[]? mine;

    private byte* memory;
    private long size;

    private Scratch()
    {
    }

    ~Scratch() => NativeMemory.AlignedFree(memory);

    /// <summary>
    /// At least <paramref name="bytes"/> bytes, aligned to a cache line; valid until this thread's next call for the
    /// same use.
    /// </summary>
    public static byte* Get(ScratchUse use, long bytes)
    {
        Scratch scratch = (mine ??= new Scratch?[(int)ScratchUse.Careful + 1])[(int)use] ??= new Scratch();
        if (scratch.size < bytes)
        {
            NativeMemory.AlignedFree(scratch.memory);
            scratch.size = 0;
            scratch.memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            scratch.size = bytes;
        }

        return scratch.memory;
    }
}

internal enum ScratchUse
{
    /// <summary>What a kernel keeps between its passes.</summary>
    Kernel,

    /// <summary>What a whole call keeps between its phases; belongs to the calling thread, read by all.</summary>
    Call,

    /// <summary>A row in double.</summary>
    Careful,
}
