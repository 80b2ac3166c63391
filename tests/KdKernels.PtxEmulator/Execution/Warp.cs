using System.Numerics;
using System.Runtime.InteropServices;
using KdKernels.PtxEmulator.Memory;

namespace KdKernels.PtxEmulator.Execution;

internal readonly record struct Path(int Pc, int Reconverge, uint Mask);

/// <summary>32 lanes: registers, the stack of diverged paths, and what is ordered before them.</summary>
internal sealed unsafe class Warp : IDisposable
{
    private readonly Stack<Path> paths = [];

    public Warp(BlockState block, int index, int registerBytes, int localBytes)
    {
        Block = block;
        Index = index;
        RegisterBytes = registerBytes;
        Data = (byte*)NativeMemory.AlignedAlloc((nuint)registerBytes, 64);
        NativeMemory.Clear(Data, (nuint)registerBytes);
        Initialised = (uint*)NativeMemory.AllocZeroed((nuint)(registerBytes / Registers.Granule), sizeof(uint));
        Local = new LocalMemory(localBytes);
        Order = new WarpHistory(block.Order, index);
        int left = block.Threads - (32 * index);
        Existing = left >= 32 ? uint.MaxValue : (1u << left) - 1;
        Addresses = (ulong*)NativeMemory.AlignedAlloc(32 * sizeof(ulong), 64);
    }

    public BlockState Block { get; }

    public int Index { get; }

    public int RegisterBytes { get; }

    /// <summary>The register file.</summary>
    public byte* Data { get; private set; }

    /// <summary>Per register the lanes that have written it.</summary>
    public uint* Initialised { get; private set; }

    /// <summary>Scratch for the addresses of one access.</summary>
    public ulong* Addresses { get; private set; }

    public LocalMemory Local { get; }

    public WarpHistory Order { get; }

    public AsyncCopies Copies { get; } = new();

    /// <summary>The lanes that the block size gives this warp.</summary>
    public uint Existing { get; }

    public uint Exited { get; private set; }

    public uint Live => Existing & ~Exited;

    public int Pc { get; set; }

    public int Reconverge { get; private set; }

    public uint Active { get; private set; }

    public bool Done => Active == 0;

    /// <summary>The barrier the warp waits at, -1 for none, and the number of threads it waits for (0: all).</summary>
    public int WaitingAt { get; set; }

    public int WaitingFor { get; set; }

    public Operation? Current { get; set; }

    /// <summary>The instruction at which the warp waits, for an error.</summary>
    public Operation? Waiting { get; set; }

    public void Start()
    {
        paths.Clear();
        Exited = 0;
        Pc = 0;
        Reconverge = -1;
        Active = Existing;
        WaitingAt = -1;
        Order.Start();
        Local.Forget();
        Copies.Forget();
    }

    /// <summary>Only constants and special registers are initialised when a thread starts.</summary>
    public void ResetInitialised()
    {
        int count = RegisterBytes / Registers.Granule;
        Block.Kernel.Code.InitiallyWritten.AsSpan(0, count).CopyTo(new Span<uint>(Initialised, count));
    }

    public uint Predicate(int offset) => *(uint*)(Data + offset);

    /// <summary>Goes on at the next path when this one has reached the point where it meets the others.</summary>
    public void Reconvergence()
    {
        while (Pc == Reconverge && paths.Count > 0)
            Pop();
    }

    public void Diverge(int taken, uint takenMask, int other, uint otherMask, int reconverge, bool otherFirst)
    {
        // Without a common point both paths end by leaving the kernel, and nothing is left to run after them. Where the
        // enclosing divergence meets at the same point, its entry already holds these lanes: a loop that lanes leave
        // one
        // after another must not grow the stack.
        if (reconverge >= 0 && reconverge != Reconverge)
            paths.Push(new Path(reconverge, Reconverge, Active));
        var first = new Path(taken, reconverge, takenMask);
        var second = new Path(other, reconverge, otherMask);
        if (otherFirst)
            (first, second) = (second, first);
        if (second.Pc != reconverge)
            paths.Push(second);
        (Pc, Reconverge, Active) = first;
        Reconvergence();
        Block.CountDivergence(paths.Count);
    }

    public void Exit(uint mask)
    {
        Exited |= mask;
        Active &= ~mask;
        while (Active == 0 && paths.Count > 0)
            Pop();
    }

    public PtxException Fail(PtxError error, string message, int lane)
    {
        int thread = (32 * Index) + lane;
        return new PtxException(error, message, Block.Kernel.Name, Current?.Line ?? 0, Current?.Text ?? "",
            $"block {Block.Describe()}, thread {Block.DescribeThread(thread)}");
    }

    public PtxException Fail(PtxError error, string message, uint lanes) =>
        Fail(error, message, BitOperations.TrailingZeroCount(lanes));

    public void Dispose()
    {
        NativeMemory.AlignedFree(Data);
        NativeMemory.Free(Initialised);
        NativeMemory.AlignedFree(Addresses);
        Data = null;
        Initialised = null;
        Addresses = null;
        Local.Dispose();
    }

    private void Pop()
    {
        Path next = paths.Pop();
        (Pc, Reconverge) = (next.Pc, next.Reconverge);
        Active = next.Mask & ~Exited;
        if (Active == 0 && paths.Count > 0)
            Pop();
    }
}
