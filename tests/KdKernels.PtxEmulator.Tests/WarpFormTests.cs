using System.Numerics;

namespace KdKernels.PtxEmulator.Tests;

public sealed class WarpFormTests
{
    private const string Out = "add.u64 %rd20, %rd2, %rd4;\nst.global.u32 [%rd20], %r2;";

    [Theory]
    [InlineData("up", 1, 0)]
    [InlineData("up", 3, 0x1800)]
    [InlineData("down", 1, 31)]
    [InlineData("down", 5, 0x181f)]
    [InlineData("bfly", 16, 31)]
    [InlineData("bfly", 3, 31)]
    [InlineData("bfly", 8, 0x181f)]
    [InlineData("idx", 7, 31)]
    [InlineData("idx", 5, 0x181f)]
    public void Shuffles(string mode, int offset, int control)
    {
        // Segments of 32 lanes, or of 8 where the control says so.
        int width = control >> 8 == 0 ? 32 : 8;
        string body = $"shfl.sync.{mode}.b32 %r3|%p1, %r1, {offset}, {control}, 0xffffffff;\n"
            + "selp.b32 %r2, %r3, 1000, %p1;\n" + Out;
        IEnumerable<uint> expected = Enumerable.Range(0, 32).Select(lane =>
        {
            int start = lane / width * width;
            int from = mode switch
            {
                "up" => lane - offset,
                "down" => lane + offset,
                "bfly" => lane ^ offset,
                _ => start + (offset % width),
            };
            // bfly may reach the segments below its own.
            return (from < start && mode != "bfly") || from >= start + width ? 1000u : (uint)from;
        });
        Assert.Equal(expected, Ptx.Passes(body));
        string plain = $"shfl.sync.{mode}.b32 %r2, %r1, {offset}, {control}, 0xffffffff;\n" + Out;
        Assert.Equal(expected.Select((v, lane) => v == 1000 ? (uint)lane : v), Ptx.Passes(plain));
    }

    [Theory]
    [InlineData("add.u32", 496)]
    [InlineData("add.s32", 496)]
    [InlineData("min.u32", 0)]
    [InlineData("max.u32", 31)]
    [InlineData("min.s32", 0)]
    [InlineData("max.s32", 31)]
    [InlineData("and.b32", 0)]
    [InlineData("or.b32", 31)]
    [InlineData("xor.b32", 0)]
    public void Reductions_of_a_warp(string operation, uint expected) =>
        Assert.All(Ptx.Passes($"redux.sync.{operation} %r2, %r1, 0xffffffff;\n{Out}"), v => Assert.Equal(expected, v));

    [Fact]
    public void Reductions_know_signs()
    {
        string body = "sub.s32 %r3, %r1, 5;\nredux.sync.MODE %r2, %r3, 0xffffffff;\n" + Out;
        Assert.Equal(unchecked((uint)-5), Ptx.Passes(body.Replace("MODE", "min.s32", StringComparison.Ordinal))[0]);
        Assert.Equal(0u, Ptx.Passes(body.Replace("MODE", "min.u32", StringComparison.Ordinal))[0]);
        Assert.Equal(uint.MaxValue, Ptx.Passes(body.Replace("MODE", "max.u32", StringComparison.Ordinal))[0]);
    }

    [Theory]
    [InlineData("vote.sync.all.pred", false, true)]
    [InlineData("vote.sync.any.pred", true, true)]
    [InlineData("vote.sync.uni.pred", false, true)]
    public void Votes(string form, bool some, bool all)
    {
        string body = "setp.lt.u32 %p1, %r1, LIMIT;\n" + form
            + " %p2, %p1, 0xffffffff;\nselp.b32 %r2, 1, 0, %p2;\n" + Out;
        Assert.Equal(some ? 1u : 0, Ptx.Passes(body.Replace("LIMIT", "9", StringComparison.Ordinal))[20]);
        Assert.Equal(all ? 1u : 0, Ptx.Passes(body.Replace("LIMIT", "32", StringComparison.Ordinal))[20]);
    }

    [Fact]
    public void Ballot_match_and_active_mask()
    {
        string ballot = "setp.lt.u32 %p1, %r1, 9;\nvote.sync.ballot.b32 %r2, !%p1, 0xffffffff;\n" + Out;
        Assert.All(Ptx.Passes(ballot), v => Assert.Equal(0xfffffe00u, v));
        string match = "and.b32 %r3, %r1, 3;\nmatch.any.sync.b32 %r2, %r3, 0xffffffff;\n" + Out;
        Assert.Equal(0x44444444u, Ptx.Passes(match)[2]);
        string wide = "and.b64 %rd9, %rd4, 4;\nmatch.any.sync.b64 %r2, %rd9, 0xffffffff;\n" + Out;
        Assert.Equal(0xaaaaaaaau, Ptx.Passes(wide)[3]);
        string active = "mov.u32 %r2, 0;\nsetp.lt.u32 %p1, %r1, 9;\n@!%p1 bra END;\nactivemask.b32 %r2;\nEND:\n" + Out;
        Assert.Equal(9, BitOperations.PopCount(Ptx.Passes(active)[0]));
    }

    [Theory]
    [InlineData("%laneid", 5)]
    [InlineData("%warpid", 1)]
    [InlineData("%tid.x", 5)]
    [InlineData("%tid.y", 2)]
    [InlineData("%tid.z", 0)]
    [InlineData("%ntid.x", 16)]
    [InlineData("%ntid.y", 4)]
    [InlineData("%ctaid.x", 1)]
    [InlineData("%ctaid.y", 2)]
    [InlineData("%nctaid.x", 3)]
    [InlineData("%nctaid.y", 4)]
    [InlineData("%nctaid.z", 1)]
    [InlineData("%lanemask_lt", 31)]
    [InlineData("%lanemask_eq", 32)]
    [InlineData("%lanemask_le", 63)]
    [InlineData("%lanemask_ge", 0xffffffe0)]
    [InlineData("%lanemask_gt", 0xffffffc0)]
    [InlineData("%nwarpid", 2)]
    [InlineData("%nsmid", 4)]
    [InlineData("%dynamic_smem_size", 64)]
    public void Special_registers(string name, uint expected)
    {
        // The thread (5, 2) of the block (1, 2) tells.
        string body = $"""
            mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ctaid.y; mov.u32 %r4, %tid.x; mov.u32 %r5, %tid.y;
            setp.eq.u32 %p1, %r2, 1; setp.eq.and.u32 %p1, %r3, 2, %p1;
            setp.eq.and.u32 %p1, %r4, 5, %p1; setp.eq.and.u32 %p1, %r5, 2, %p1;
            mov.u32 %r6, {name};
            @%p1 st.global.u32 [%rd2], %r6;
            """;
        using var memory = new DeviceMemory();
        DeviceBuffer b = memory.Allocate(4, "b");
        Ptx.Run(body, memory, new LaunchOptions { Grid = (3, 4, 1), Block = (16, 4, 1), SharedBytes = 64 }, "", b, b);
        Assert.Equal(expected, b.Read<uint>(1)[0]);
    }

    [Fact]
    public void Packs_and_unpacks()
    {
        string body = """
            mov.b16 %h1, 0x1234; mov.b16 %h2, 0xabcd;
            mov.b32 %r3, {%h1, %h2};
            mov.b32 {_, %h3}, %r3;
            mov.b64 %rd9, {%r3, %r3};
            mov.b64 {%r4, %r5}, %rd9;
            cvt.u32.u16 %r6, %h3;
            xor.b32 %r2, %r4, %r6;
            """ + "\n" + Out;
        Assert.Equal(0xabcd1234u ^ 0xabcd, Ptx.Passes(body)[0]);
    }

    [Fact]
    public void Clocks_do_not_run_backwards()
    {
        string body = "mov.u32 %r3, %clock;\nmov.u64 %rd9, %clock64;\nbar.sync 0;\n"
            + "mov.u32 %r4, %clock;\nsub.u32 %r2, %r4, %r3;\n" + Out;
        Assert.InRange(Ptx.Passes(body)[0], 0u, 1000u);
    }
}
