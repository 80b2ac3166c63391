using System.Runtime.InteropServices;

namespace KdKernels.PtxEmulator.Tests;

/// <summary>Small PTX texts and their launches.</summary>
internal static class Ptx
{
    public const string Registers = """
        .reg .pred %p<16>; .reg .b16 %h<16>; .reg .b32 %r<32>; .reg .b64 %rd<32>; .reg .f32 %f<32>; .reg .f64 %fd<16>;
        """;

    /// <summary>A kernel "k" with 64-bit parameters a, b and c (addresses), loaded to %rd1, %rd2 and %rd3.</summary>
    public static string Kernel(string body, int target = 90, string variables = "") => $$"""
        .version 7.8
        .target sm_{{target}}
        .address_size 64
        .visible .entry k(.param .b64 a, .param .b64 b, .param .b64 c)
        {
        {{variables}}
        {{Registers}}
        ld.param.b64 %rd1, [a];
        ld.param.b64 %rd2, [b];
        ld.param.b64 %rd3, [c];
        mov.u32 %r1, %tid.x;
        mul.wide.u32 %rd4, %r1, 4;
        mul.wide.u32 %rd8, %r1, 8;
        {{body}}
        ret;
        }
        """;

    public static LaunchReport Run(
        string body, DeviceMemory memory, LaunchOptions options, string variables = "", params DeviceBuffer[] buffers)
    {
        PtxEntry entry = PtxModule.Parse(Kernel(body, variables: variables)).Entry("k");
        return Run(entry, memory, options, buffers);
    }

    public static LaunchReport Run(
        PtxEntry entry, DeviceMemory memory, LaunchOptions options, params DeviceBuffer[] buffers)
    {
        var addresses = new ulong[3];
        for (int i = 0; i < buffers.Length; i++)
            addresses[i] = buffers[i].Address;
        return Emulator.Launch(entry, memory, new LaunchOptions
        {
            Grid = options.Grid,
            Block = options.Block,
            SharedBytes = options.SharedBytes,
            BlockOrder = options.BlockOrder,
            Seed = options.Seed,
            DisturbApproximations = options.DisturbApproximations,
            MaxInstructionsPerBlock = options.MaxInstructionsPerBlock,
            Parameters = [MemoryMarshal.AsBytes(addresses.AsSpan()).ToArray()],
        });
    }

    /// <summary>
    /// The error of a launch with two zeroed buffers of 4 KiB, "a" and "b", and an unwritten one, "c".
    /// </summary>
    public static PtxException Fails(string body, string variables = "", int blocks = 1, int threads = 32)
    {
        using var memory = new DeviceMemory();
        DeviceBuffer[] buffers =
        [
            memory.Allocate(4096, "a", initialized: true), memory.Allocate(4096, "b", initialized: true),
            memory.Allocate(4096, "c"),
        ];
        var options = new LaunchOptions
        {
            Grid = blocks,
            Block = threads,
            MaxInstructionsPerBlock = 100_000,
        };
        return Assert.Throws<PtxException>(() => Run(body, memory, options, variables, buffers));
    }

    /// <summary>Runs the body with buffers as <see cref="Fails"/> has them; what "b" holds then.</summary>
    public static uint[] Passes(
        string body, string variables = "", int blocks = 1, int threads = 32, int words = 32, uint[]? input = null)
    {
        using var memory = new DeviceMemory();
        DeviceBuffer a = memory.Allocate(4096, "a", initialized: true);
        DeviceBuffer b = memory.Allocate(4096, "b", initialized: true);
        DeviceBuffer c = memory.Allocate(4096, "c");
        if (input is not null)
            a.Write<uint>(input);
        Run(body, memory, new LaunchOptions { Grid = blocks, Block = threads }, variables, a, b, c);
        return b.Read<uint>(words);
    }
}
