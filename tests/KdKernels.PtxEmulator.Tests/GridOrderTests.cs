namespace KdKernels.PtxEmulator.Tests;

/// <summary>What one block may see of another in the same launch.</summary>
public sealed class GridOrderTests
{
    // Each block writes its word of b and takes a ticket; the last one reads all words. {0} stands before the ticket,
    // {1} behind it, {2} where the last block goes on.
    private static string LastBlock(string release, string acquire, string spread = "") => $$"""
        mov.u32 %r2, %ctaid.x;
        mov.u32 %r3, %nctaid.x;
        setp.ne.u32 %p1, %r1, 0;
        @%p1 bra WAIT;
        mul.wide.u32 %rd5, %r2, 4;
        add.u64 %rd5, %rd2, %rd5;
        add.u32 %r4, %r2, 10;
        st.global.u32 [%rd5], %r4;
        {{release}}
        atom.global.add.u32 %r5, [%rd1], 1;
        {{acquire}}
        sub.u32 %r6, %r3, 1;
        setp.ne.u32 %p2, %r5, %r6;
        selp.u32 %r7, 0, 1, %p2;
        st.shared.u32 [s], %r7;
        WAIT:
        {{spread}}
        bar.sync 0;
        ld.shared.u32 %r8, [s];
        setp.eq.u32 %p3, %r8, 0;
        @%p3 ret;
        setp.ge.u32 %p4, %r1, %r3;
        @%p4 ret;
        add.u64 %rd6, %rd2, %rd4;
        ld.global.u32 %r9, [%rd6];
        add.u64 %rd7, %rd3, %rd4;
        st.global.u32 [%rd7], %r9;
        """;

    private const string Shared = ".shared .align 4 .b8 s[4];";

    private static uint[] Run(string body, BlockOrder order, int seed = 0, int threads = 64)
    {
        using var memory = new DeviceMemory();
        DeviceBuffer counter = memory.Allocate(4, "counter", initialized: true);
        DeviceBuffer partials = memory.Allocate(64, "partials");
        DeviceBuffer result = memory.Allocate(64, "result");
        Ptx.Run(body, memory, new LaunchOptions { Grid = 9, Block = threads, BlockOrder = order, Seed = seed }, Shared,
            counter, partials, result);
        return result.Read<uint>(9);
    }

    [Theory]
    [InlineData(BlockOrder.Forward, 0)]
    [InlineData(BlockOrder.Reverse, 0)]
    [InlineData(BlockOrder.Shuffled, 1)]
    [InlineData(BlockOrder.Shuffled, 2)]
    public void The_last_block_may_read_what_was_released_to_it(BlockOrder order, int seed) =>
        Assert.Equal(Enumerable.Range(10, 9).Select(i => (uint)i),
            Run(LastBlock("membar.gl;", "membar.gl;"), order, seed));

    [Theory]
    [InlineData("", "membar.gl;")]
    [InlineData("membar.gl;", "")]
    [InlineData("membar.cta;", "membar.gl;")]
    [InlineData("membar.gl;", "fence.acq_rel.cta;")]
    public void A_fence_is_needed_on_both_sides(string release, string acquire)
    {
        PtxException error = Assert.Throws<PtxException>(
            () => Run(LastBlock(release, acquire), BlockOrder.Forward));
        Assert.Equal(PtxError.GridRace, error.Error);
        Assert.Contains("ld.global.u32 %r9", error.Text, StringComparison.Ordinal);
        Assert.Contains("'partials'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fence.acq_rel.gpu;", "fence.sc.gpu;")]
    [InlineData("membar.sys;", "fence.acq_rel.sys;")]
    public void All_fences_of_the_device_do(string release, string acquire) =>
        Assert.Equal(18u, Run(LastBlock(release, acquire), BlockOrder.Forward)[8]);

    [Fact]
    public void An_atomic_with_order_needs_no_fence()
    {
        string body = LastBlock("", "").Replace("atom.global", "atom.acq_rel.gpu.global", StringComparison.Ordinal);
        Assert.Equal(18u, Run(body, BlockOrder.Forward)[8]);
    }

    [Fact]
    public void The_barrier_passes_on_only_what_was_acquired_before_it()
    {
        // The ticket is drawn by thread 0, but the fence is another thread's.
        string body = LastBlock("membar.gl;", "", "setp.eq.u32 %p5, %r1, 1;\n@%p5 membar.gl;");
        PtxException error = Assert.Throws<PtxException>(() => Run(body, BlockOrder.Forward));
        Assert.Equal(PtxError.GridRace, error.Error);
    }

    [Fact]
    public void A_store_after_the_fence_is_not_released()
    {
        string late = "membar.gl;\nst.global.u32 [%rd5], 99;";
        PtxException error = Assert.Throws<PtxException>(
            () => Run(LastBlock(late, "membar.gl;"), BlockOrder.Forward));
        Assert.Equal(PtxError.GridRace, error.Error);
    }

    [Theory]
    [InlineData("bar.sync 0;", null)]
    [InlineData("", PtxError.GridRace)]
    public void What_other_threads_stored_is_released_only_behind_a_barrier(string barrier, PtxError? expected)
    {
        // Warp 1 stores the partial, thread 0 of warp 0 takes the ticket.
        string body = LastBlock("membar.gl;", "membar.gl;")
            .Replace("setp.ne.u32 %p1, %r1, 0;",
                "mul.wide.u32 %rd9, %r2, 4;\nadd.u64 %rd9, %rd2, %rd9;\n"
                + "setp.eq.u32 %p6, %r1, 32;\nadd.u32 %r10, %r2, 10;\n"
                + "@%p6 st.global.u32 [%rd9], %r10;\n" + barrier + "\nsetp.ne.u32 %p1, %r1, 0;",
                StringComparison.Ordinal)
            .Replace("st.global.u32 [%rd5], %r4;", "", StringComparison.Ordinal);
        if (expected is { } error)
            Assert.Equal(error, Assert.Throws<PtxException>(() => Run(body, BlockOrder.Forward)).Error);
        else
            Assert.Equal(18u, Run(body, BlockOrder.Forward)[8]);
    }

    [Fact]
    public void A_ticket_that_a_shuffle_spreads_orders_only_its_own_lane()
    {
        string body = """
            mov.u32 %r2, %ctaid.x;
            mov.u32 %r5, 0;
            setp.ne.u32 %p1, %r1, 0;
            @%p1 bra JOIN;
            mul.wide.u32 %rd5, %r2, 4;
            add.u64 %rd5, %rd2, %rd5;
            st.global.u32 [%rd5], %r2;
            membar.gl;
            atom.global.add.u32 %r5, [%rd1], 1;
            membar.gl;
            JOIN:
            SPREAD
            shfl.sync.idx.b32 %r5, %r5, 0, 31, 0xffffffff;
            setp.ne.u32 %p2, %r5, 8;
            @%p2 ret;
            setp.ge.u32 %p3, %r1, 9;
            @%p3 ret;
            add.u64 %rd6, %rd2, %rd4;
            ld.global.cg.u32 %r9, [%rd6];
            add.u64 %rd7, %rd3, %rd4;
            st.global.u32 [%rd7], %r9;
            """;
        PtxException error = Assert.Throws<PtxException>(
            () => Run(body.Replace("SPREAD", "", StringComparison.Ordinal), BlockOrder.Forward, threads: 32));
        Assert.Equal(PtxError.GridRace, error.Error);
        string right = body.Replace("SPREAD", "bar.warp.sync 0xffffffff;", StringComparison.Ordinal);
        Assert.Equal(8u, Run(right, BlockOrder.Forward, threads: 32)[8]);
    }

    private const string OneThread = "setp.ne.u32 %p1, %r1, 0;\n@%p1 ret;\nmov.u32 %r2, %ctaid.x;\n";

    [Theory]
    [InlineData("st.global.u32 [%rd2], %r2;", PtxError.GridRace)]
    [InlineData("atom.global.exch.b32 %r3, [%rd2], %r2;", null)]
    [InlineData("st.volatile.global.u32 [%rd2], %r2;", null)]
    [InlineData("st.relaxed.gpu.global.u32 [%rd2], %r2;", null)]
    public void Two_blocks_that_write_one_word(string store, PtxError? expected)
    {
        if (expected is { } error)
            Assert.Equal(error, Ptx.Fails(OneThread + store, blocks: 2).Error);
        else
            Assert.Equal(1u, Ptx.Passes(OneThread + store, blocks: 2)[0]);
    }

    [Fact]
    public void A_plain_load_of_what_another_blocks_atomic_wrote()
    {
        string body = OneThread + "ld.global.u32 %r4, [%rd2];\natom.global.add.u32 %r3, [%rd2], 1;";
        Assert.Equal(PtxError.GridRace, Ptx.Fails(body, blocks: 2).Error);
        Ptx.Passes(body.Replace("ld.global", "ld.relaxed.gpu.global", StringComparison.Ordinal), blocks: 2);
    }

    [Fact]
    public void A_block_that_overwrites_what_another_read()
    {
        string body = OneThread + """
            setp.eq.u32 %p2, %r2, 1;
            @%p2 bra WRITE;
            ld.global.u32 %r3, [%rd2];
            ret;
            WRITE: st.global.u32 [%rd2], 1;
            """;
        Assert.Equal(PtxError.GridRace, Ptx.Fails(body, blocks: 2).Error);
    }

    [Fact]
    public void A_word_that_the_read_only_path_has_seen_must_not_be_written()
    {
        string body = OneThread + "ld.global.nc.u32 %r3, [%rd2];\nst.global.u32 [%rd2], 1;";
        Assert.Equal(PtxError.ReadOnlyWritten, Ptx.Fails(body).Error);
        string reversed = OneThread + "st.global.u32 [%rd2], 1;\nld.global.nc.u32 %r3, [%rd2];";
        Assert.Equal(PtxError.ReadOnlyWritten, Ptx.Fails(reversed).Error);
        Ptx.Passes(body.Replace(".nc", "", StringComparison.Ordinal));
    }

    [Fact]
    public void The_next_launch_may_read_everything()
    {
        using var memory = new DeviceMemory();
        DeviceBuffer a = memory.Allocate(64, "a", initialized: true);
        DeviceBuffer b = memory.Allocate(64, "b");
        var options = new LaunchOptions { Grid = 2, Block = 1 };
        string write = "mov.u32 %r2, %ctaid.x;\nmul.wide.u32 %rd5, %r2, 4;\nadd.u64 %rd5, %rd2, %rd5;\n"
            + "st.global.u32 [%rd5], 5;";
        Ptx.Run(write, memory, options, "", a, b);
        string read = "ld.global.nc.u32 %r2, [%rd2];\nld.global.nc.u32 %r3, [%rd2+4];";
        LaunchReport report = Ptx.Run(read, memory, options, "", a, b);
        Assert.Equal(16, report.ReadBytes);
        Assert.Equal(8, report.DistinctReadBytes);
        Assert.Equal(8, Assert.Single(report.Buffers).RereadBytes);
    }
}
