namespace KdKernels.PtxEmulator.Tests;

/// <summary>Each error once provoked, and beside it the nearest thing that is right.</summary>
public sealed class ErrorTests
{
    private const string Shared = ".shared .align 16 .b8 s[4096];";
    private const string Address = "add.u64 %rd5, %rd1, %rd4;\nadd.u64 %rd6, %rd2, %rd4;\nmov.b64 %rd7, 0;\n";
    private const string InShared = Address + "mov.b64 %rd9, s;\nadd.u64 %rd9, %rd9, %rd4;\n";

    private static void Check(PtxError expected, string line, PtxException error)
    {
        Assert.Equal(expected, error.Error);
        Assert.Equal("k", error.Kernel);
        Assert.Contains(line, error.Text, StringComparison.Ordinal);
        Assert.True(error.Line > 10, error.Message);
        Assert.Contains("block (0, 0, 0), thread (", error.Message.Replace("(1, 0, 0)", "(0, 0, 0)",
            StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ld.global.u32 %r2, [%rd1+4096];", "byte 4096 of 'a', which has 4096")]
    [InlineData("ld.global.u32 %r2, [%rd1-4];", "4 bytes before 'a'")]
    [InlineData("ld.global.u64 %rd5, [%rd1+4096];", "byte 4096 of 'a'")]
    [InlineData("st.global.u32 [%rd7], %r1;", "0x0, near no allocation")]
    [InlineData("ld.global.v4.u32 {%r2,%r3,%r4,%r5}, [%rd5+3984];", "byte 4096 of 'a'")]
    public void A_global_access_outside_an_allocation(string access, string where)
    {
        // The last one runs over the end in the lanes beyond the seventh.
        string address = access.Contains(".v4", StringComparison.Ordinal)
            ? "shl.b64 %rd5, %rd4, 2; add.u64 %rd5, %rd1, %rd5;"
            : "mov.b64 %rd7, 0;";
        PtxException error = Ptx.Fails(address + "\n" + access);
        Check(PtxError.OutOfBounds, access, error);
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ld.shared.u32 %r2, [s+4096];")]
    [InlineData("ld.shared.u32 %r2, [s-4];")]
    [InlineData("st.shared.u32 [%rd7], %r1;")]
    public void A_shared_access_outside_the_arrays(string access) =>
        Check(PtxError.OutOfBounds, access, Ptx.Fails("mov.b64 %rd7, 0;\n" + access, Shared));

    [Theory]
    [InlineData("st.local.u32 [l+16], %r1;")]
    [InlineData("st.local.u32 [%rd7], %r1;")]
    public void A_local_access_outside_the_arrays(string access) =>
        Check(PtxError.OutOfBounds, access, Ptx.Fails("mov.b64 %rd7, 0;\n" + access, ".local .align 4 .b8 l[16];"));

    [Fact]
    public void An_access_to_freed_memory()
    {
        using var memory = new DeviceMemory();
        DeviceBuffer buffer = memory.Allocate(64, "freed", initialized: true);
        memory.Free(buffer);
        PtxException error = Assert.Throws<PtxException>(
            () => Ptx.Run("ld.global.u32 %r2, [%rd1];", memory, new LaunchOptions(), "", buffer));
        Check(PtxError.OutOfBounds, "ld.global", error);
    }

    [Theory]
    [InlineData("ld.global.u32 %r2, [%rd1+2];")]
    [InlineData("ld.global.v2.u32 {%r2,%r3}, [%rd1+4];")]
    [InlineData("st.global.v4.u32 [%rd1+8], {%r1,%r1,%r1,%r1};")]
    [InlineData("st.shared.u16 [s+1], %r1;")]
    [InlineData("atom.global.add.u64 %rd5, [%rd1+4], 1;")]
    public void A_misaligned_access(string access) => Check(PtxError.Misaligned, access, Ptx.Fails(access, Shared));

    [Theory]
    [InlineData("ld.global.u32 %r2, [%rd3];", "byte 0 of 'c'")]
    [InlineData("st.global.u8 [%rd3], 1; \n ld.global.u16 %r2, [%rd3];", "byte 1 of 'c'")]
    [InlineData("ld.shared.u32 %r2, [s+8];", "byte 8 of 'shared memory'")]
    [InlineData("ld.local.u32 %r2, [l+4];", "byte 4")]
    [InlineData("atom.global.add.u32 %r2, [%rd3], 1;", "byte 0 of 'c'")]
    public void A_read_of_memory_that_nobody_wrote(string access, string where)
    {
        string one = "setp.ne.u32 %p1, %r1, 0;\n@%p1 ret;\n";
        PtxException error = Ptx.Fails(one + access, Shared + ".local .align 4 .b8 l[16];");
        Check(PtxError.UninitialisedMemory, access.Split('\n')[^1].Trim(), error);
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shared_memory_is_forgotten_between_blocks()
    {
        string body = """
            mov.u32 %r2, %ctaid.x;
            setp.eq.u32 %p1, %r2, 1;
            @%p1 bra READ;
            st.shared.u32 [s], 1;
            ret;
            READ: ld.shared.u32 %r3, [s];
            """;
        Check(PtxError.UninitialisedMemory, "READ: ld.shared", Ptx.Fails(body, Shared, blocks: 2, threads: 1));
    }

    [Theory]
    [InlineData("add.u32 %r3, %r2, 1;", "%r2")]
    [InlineData("@%p3 mov.u32 %r3, 1;", "%p3")]
    [InlineData("st.global.f32 [%rd1], %f7;", "%f7")]
    [InlineData("ld.global.f32 %f7, [%rd9];", "%rd9")]
    [InlineData("selp.b32 %r3, 1, 2, %p4;", "%p4")]
    public void A_read_of_a_register_that_was_not_written(string instruction, string register)
    {
        PtxException error = Ptx.Fails(instruction);
        Check(PtxError.UninitialisedRegister, instruction, error);
        Assert.Contains($"register {register},", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_register_written_in_other_lanes_only()
    {
        string body = """
            setp.lt.u32 %p1, %r1, 9;
            @%p1 mov.u32 %r2, 1;
            add.u32 %r3, %r2, 1;
            """;
        PtxException error = Ptx.Fails(body);
        Check(PtxError.UninitialisedRegister, "add.u32", error);
        Assert.Contains("thread (9, 0, 0)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_barrier_that_not_all_lanes_reach()
    {
        string body = """
            setp.lt.u32 %p1, %r1, 9;
            @%p1 bra OUT;
            bar.sync 0;
            OUT:
            """;
        Check(PtxError.BarrierDivergence, "bar.sync 0;", Ptx.Fails(body));
    }

    [Fact]
    public void Warps_at_different_barriers()
    {
        string body = """
            setp.lt.u32 %p1, %r1, 32;
            @%p1 bra ONE;
            bar.sync 0;
            ret;
            ONE:
            bar.sync 1;
            """;
        Check(PtxError.BarrierDivergence, "bar.sync", Ptx.Fails(body, threads: 64));
    }

    [Fact]
    public void Exited_warps_do_not_hold_up_a_barrier()
    {
        string body = """
            setp.lt.u32 %p1, %r1, 32;
            @%p1 ret;
            bar.sync 0;
            st.global.u32 [%rd2], 7;
            """;
        string one = "setp.ne.u32 %p2, %r1, 40;\n@%p2 ret;\n";
        Assert.Equal(7u, Ptx.Passes(body.Replace("st.", one + "st.", StringComparison.Ordinal), threads: 64)[0]);
    }

    [Theory]
    [InlineData("shfl.sync.bfly.b32 %r2, %r1, 1, 31, 0xffffffff;")]
    [InlineData("bar.warp.sync 0xffffffff;")]
    [InlineData("vote.sync.ballot.b32 %r2, %p1, 0xffffffff;")]
    [InlineData("redux.sync.add.s32 %r2, %r1, 0xffffffff;")]
    [InlineData("match.any.sync.b32 %r2, %r1, 0xffffffff;")]
    [InlineData("shfl.sync.idx.b32 %r2, %r1, 0, 31, 0xfffff000;")]
    [InlineData("shfl.sync.idx.b32 %r2, %r1, 1, 31, 0x1ff;")]
    public void A_warp_wide_instruction_without_all_its_lanes(string instruction)
    {
        // Lanes 0 to 8 are there; the last ones name lanes that are not, or read from one that is not named.
        string body = "setp.ge.u32 %p1, %r1, 9;\n@%p1 bra OUT;\n" + instruction + "\nOUT:";
        if (instruction.EndsWith("0x1ff;", StringComparison.Ordinal))
            body = body.Replace("%r1, 1, 31", "%r1, 20, 31", StringComparison.Ordinal);
        Check(PtxError.WarpDivergence, instruction.Split(' ')[0], Ptx.Fails(body));
    }

    [Fact]
    public void A_uniform_branch_that_is_not()
    {
        string body = "setp.ge.u32 %p1, %r1, 9;\n@%p1 bra.uni OUT;\nOUT:";
        Check(PtxError.WarpDivergence, "bra.uni", Ptx.Fails(body));
    }

    [Fact]
    public void An_endless_loop() => Check(PtxError.Endless, "bra", Ptx.Fails("L:\nbra L;"));

    [Fact]
    public void Trap() => Check(PtxError.Trap, "trap;", Ptx.Fails("trap;"));

    [Fact]
    public void Two_lanes_that_write_one_word()
    {
        Check(PtxError.BlockRace, "st.shared", Ptx.Fails("st.shared.u32 [s], %r1;", Shared));
        Check(PtxError.BlockRace, "st.global", Ptx.Fails("st.global.u32 [%rd2], %r1;"));
    }

    [Fact]
    public void Two_lanes_may_write_the_halves_of_a_word()
    {
        string body = """
            mul.wide.u32 %rd5, %r1, 2;
            add.u64 %rd5, %rd2, %rd5;
            st.global.u16 [%rd5], %r1;
            """;
        Assert.Equal(0x00010000u, Ptx.Passes(body)[0]);
    }

    [Theory]
    [InlineData("", PtxError.BlockRace)]
    [InlineData("bar.warp.sync 0xffffffff;", null)]
    [InlineData("bar.sync 0;", null)]
    [InlineData("shfl.sync.idx.b32 %r9, %r1, 0, 31, 0xffffffff;", PtxError.BlockRace)]
    public void A_lane_that_reads_what_another_wrote(string between, PtxError? expected)
    {
        string body = InShared + "st.shared.u32 [%rd9], %r1;\n" + between + """

            xor.b32 %r2, %r1, 1;
            mul.wide.u32 %rd10, %r2, 4;
            mov.b64 %rd11, s;
            add.u64 %rd11, %rd11, %rd10;
            ld.shared.u32 %r3, [%rd11];
            st.global.u32 [%rd6], %r3;
            """;
        if (expected is { } error)
            Check(error, "ld.shared", Ptx.Fails(body, Shared));
        else
            Assert.Equal([1u, 0, 3, 2], Ptx.Passes(body, Shared, words: 4));
    }

    [Theory]
    [InlineData("bar.warp.sync 0xffffffff;", PtxError.BlockRace)]
    [InlineData("bar.sync 0;", null)]
    public void A_warp_that_reads_what_another_wrote(string between, PtxError? expected)
    {
        string body = InShared + "st.shared.u32 [%rd9], %r1;\n" + between + """

            xor.b32 %r2, %r1, 32;
            mul.wide.u32 %rd10, %r2, 4;
            mov.b64 %rd11, s;
            add.u64 %rd11, %rd11, %rd10;
            ld.shared.u32 %r3, [%rd11];
            st.global.u32 [%rd6], %r3;
            """;
        if (expected is { } error)
        {
            // Depending on which warp is first, the read finds nothing or a race.
            Assert.Contains(Ptx.Fails(body, Shared, threads: 64).Error, new[] { error, PtxError.UninitialisedMemory });
        }
        else
        {
            Assert.Equal([32u, 33], Ptx.Passes(body, Shared, threads: 64, words: 2));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("bar.warp.sync 0xffffffff;")]
    public void A_lane_that_overwrites_what_another_reads(string between)
    {
        string body = InShared + """
            st.shared.u32 [%rd9], %r1;
            bar.sync 0;
            ld.shared.u32 %r3, [s];
            """ + "\n" + between + "\nst.shared.u32 [%rd9], 5;";
        if (between.Length == 0)
            Check(PtxError.BlockRace, "st.shared", Ptx.Fails(body, Shared));
        else
            Ptx.Passes(body, Shared);
    }
}
