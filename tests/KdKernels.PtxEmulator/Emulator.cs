using System.Diagnostics;
using System.Runtime.InteropServices;
using KdKernels.PtxEmulator.Counting;
using KdKernels.PtxEmulator.Decoding;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Memory;

namespace KdKernels.PtxEmulator;

/// <summary>
/// Runs kernels, block after block, and stops at the first thing that a device would let pass silently.
/// </summary>
public static unsafe class Emulator
{
    private const int MaxThreadsPerBlock = 1024;
    private const int MaxSharedBytes = 227 * 1024;

    /// <summary>Runs a kernel to its end.</summary>
    /// <exception cref="PtxException">The kernel did something wrong, or the launch does not fit it.</exception>
    public static LaunchReport Launch(PtxEntry entry, DeviceMemory memory, LaunchOptions options)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(options);
        byte[] parameters = Parameters(entry, options);
        CheckSize(entry, options);
        int shared = entry.StaticSharedBytes;
        if (options.SharedBytes > 0)
            shared = ((shared + 15) / 16 * 16) + options.SharedBytes;
        if (shared > MaxSharedBytes)
            throw Wrong(entry, $"expected at most {MaxSharedBytes} bytes of shared memory but got {shared}");

        foreach (DeviceBuffer buffer in memory.Buffers)
            buffer.Region.Forget();
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)shared + 128, 128);
        var warps = new Warp[(options.Block.Count + 31) / 32];
        using var region = new Region("shared memory", data, KernelDecoder.SharedBase, shared, isShared: true);
        try
        {
            var counts = new LineCounts[entry.Code.Operations.Length];
            var block = new BlockState(entry, options.Block, options.Grid, options.Multiprocessors)
            {
                Memory = new MemorySystem(memory, region, counts),
                Parameters = parameters,
                DynamicSharedBytes = options.SharedBytes,
                Disturbance = options.DisturbApproximations ? (ulong)options.Seed : null,
            };
            for (int i = 0; i < warps.Length; i++)
                warps[i] = CreateWarp(block, i, entry.Code);
            Random? order = options.BlockOrder == BlockOrder.Shuffled ? new Random(options.Seed) : null;
            var interpreter = new Interpreter(entry.Code.Operations, block, warps, counts,
                options.MaxInstructionsPerBlock, order);
            var watch = Stopwatch.StartNew();
            foreach (long index in Blocks(options, order))
                interpreter.Run(index);
            return Report(entry, memory, counts, block, watch.Elapsed.TotalSeconds);
        }
        finally
        {
            foreach (Warp? warp in warps)
                warp?.Dispose();
            NativeMemory.AlignedFree(data);
        }
    }

    private static Warp CreateWarp(BlockState block, int index, KernelCode code)
    {
        var warp = new Warp(block, index, code.Registers.Size, code.LocalBytes);
        foreach (((ulong bits, _), Register register) in code.Registers.Constants)
        {
            for (int lane = 0; lane < 32; lane++)
                Values.Write(warp.Data + register.Offset, lane, register.Stride, bits);
        }

        return warp;
    }

    private static IEnumerable<long> Blocks(LaunchOptions options, Random? random)
    {
        long count = options.Grid.Count;
        if (random is not null)
        {
            int[] order = [.. Enumerable.Range(0, (int)count)];
            random.Shuffle(order);
            foreach (int index in order)
                yield return index;
            yield break;
        }

        for (long i = 0; i < count; i++)
            yield return options.BlockOrder == BlockOrder.Reverse ? count - 1 - i : i;
    }

    private static byte[] Parameters(PtxEntry entry, LaunchOptions options)
    {
        IReadOnlyList<byte[]> given = options.Parameters;
        if (given.Count == 1 && given[0].Length == entry.ParameterBytes)
            return given[0];
        if (given.Count != entry.Parameters.Count)
            throw Wrong(entry, $"expected {entry.Parameters.Count} parameters but got {given.Count}");
        var block = new byte[entry.ParameterBytes];
        for (int i = 0; i < given.Count; i++)
        {
            PtxParameter parameter = entry.Parameters[i];
            if (given[i].Length != parameter.Bytes)
            {
                throw Wrong(entry, $"expected {parameter.Bytes} bytes for parameter {i} ('{parameter.Name}') but got "
                    + $"{given[i].Length}");
            }

            given[i].CopyTo(block, parameter.Offset);
        }

        return block;
    }

    private static void CheckSize(PtxEntry entry, LaunchOptions options)
    {
        Dim3 grid = options.Grid;
        Dim3 block = options.Block;
        if (grid.X < 1 || grid.Y < 1 || grid.Z < 1 || grid.Y > 65535 || grid.Z > 65535
            || grid.Count >= 1L << AccessTag.BlockBits)
        {
            throw Wrong(entry, $"expected from 1 to {(1L << AccessTag.BlockBits) - 1} blocks but got {grid}");
        }

        if (block.X < 1 || block.Y < 1 || block.Z < 1 || block.Z > 64 || block.Count > MaxThreadsPerBlock)
            throw Wrong(entry, $"expected from 1 to {MaxThreadsPerBlock} threads but got {block}");
        if (entry.MaxThreads.Count > 0 && block.Count > entry.MaxThreads.Count)
            throw Wrong(entry, $"expected at most {entry.MaxThreads.Count} threads (.maxntid) but got {block.Count}");
        if (entry.RequiredThreads.Count > 0 && block != entry.RequiredThreads)
            throw Wrong(entry, $"expected blocks of {entry.RequiredThreads} (.reqntid) but got {block}");
    }

    private static PtxException Wrong(PtxEntry entry, string message) =>
        new(PtxError.Launch, message, entry.Name);

    private static LaunchReport Report(PtxEntry entry, DeviceMemory memory, LineCounts[] counts, BlockState block,
        double seconds)
    {
        InstructionProfile[] profile = [.. entry.Code.Operations.Select((o, i) => new InstructionProfile(o.Line, o.Text,
            o.Class, counts[i].Warps, counts[i].Lanes, counts[i].Bytes, counts[i].Transactions,
            counts[i].IdealTransactions))];
        BufferTraffic[] traffic = [.. memory.Buffers.Select(b => b.Region)
            .Where(r => r.ReadBytes + r.WrittenBytes > 0)
            .Select(r => new BufferTraffic(r.Name, r.Base, r.Bytes, r.ReadBytes, r.DistinctReadBytes, r.WrittenBytes,
                r.DistinctWrittenBytes))];
        return new LaunchReport(profile, traffic, seconds)
        {
            MaxPaths = Math.Max(1, block.MaxPaths),
            Divergences = block.Divergences,
        };
    }
}
