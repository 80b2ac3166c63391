namespace KdKernels.PtxEmulator.Tests;

public sealed class DivergenceTests
{
    private const string Store = "add.u64 %rd5, %rd2, %rd4;\nst.global.u32 [%rd5], %r2;";

    [Fact]
    public void Nested_branches_meet_again()
    {
        // r2 = lane < 16 ? (lane < 4 ? 1 : 2) : (lane < 20 ? 3 : 4), and then a full shuffle adds the neighbour's.
        string body = """
            setp.lt.u32 %p1, %r1, 16;
            @!%p1 bra HIGH;
            setp.lt.u32 %p2, %r1, 4;
            @!%p2 bra TWO;
            mov.u32 %r2, 1;
            bra.uni LOWEND;
            TWO: mov.u32 %r2, 2;
            LOWEND: bra.uni END;
            HIGH:
            setp.lt.u32 %p3, %r1, 20;
            mov.u32 %r2, 4;
            @%p3 mov.u32 %r2, 3;
            END:
            shfl.sync.idx.b32 %r3, %r2, 0, 31, 0xffffffff;
            shl.b32 %r3, %r3, 8;
            add.u32 %r2, %r2, %r3;
            """ + "\n" + Store;
        IEnumerable<uint> expected = Enumerable.Range(0, 32)
            .Select(i => 256u + (i < 4 ? 1u : i < 16 ? 2u : i < 20 ? 3u : 4u));
        Assert.Equal(expected, Ptx.Passes(body));
    }

    [Theory]
    [InlineData(BlockOrder.Forward)]
    [InlineData(BlockOrder.Shuffled)]
    public void Loops_with_a_trip_count_per_lane(BlockOrder order)
    {
        using var memory = new DeviceMemory();
        DeviceBuffer b = memory.Allocate(128, "b");
        // The sum of 0 .. lane - 1, by lane iterations.
        string body = """
            mov.u32 %r2, 0;
            mov.u32 %r3, 0;
            LOOP:
            setp.ge.u32 %p1, %r3, %r1;
            @%p1 bra END;
            add.u32 %r2, %r2, %r3;
            add.u32 %r3, %r3, 1;
            bra.uni LOOP;
            END:
            bar.warp.sync 0xffffffff;
            """ + "\n" + Store;
        LaunchReport report = Ptx.Run(body, memory, new LaunchOptions { BlockOrder = order, Seed = 3 }, "", b, b);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)(i * (i - 1) / 2)), b.Read<uint>(32));
        // Lanes that leave one after another wait at one place, not in 31.
        Assert.Equal(2, report.MaxPaths);
        Assert.Equal(31, report.Divergences);
    }

    [Fact]
    public void A_break_out_of_the_middle_of_a_loop()
    {
        // Lane i leaves at i = 3 or after 10 iterations; inside, odd lanes take a detour.
        string body = """
            mov.u32 %r2, 0;
            mov.u32 %r3, 0;
            and.b32 %r4, %r1, 1;
            setp.eq.u32 %p4, %r4, 1;
            setp.eq.u32 %p5, %r1, 3;
            LOOP:
            @!%p4 bra EVEN;
            add.u32 %r2, %r2, 100;
            EVEN:
            setp.eq.u32 %p6, %r3, 2;
            and.pred %p7, %p5, %p6;
            @%p7 bra END;
            add.u32 %r2, %r2, 1;
            add.u32 %r3, %r3, 1;
            setp.lt.u32 %p1, %r3, 10;
            @%p1 bra LOOP;
            END:
            bar.sync 0;
            """ + "\n" + Store;
        IEnumerable<uint> expected = Enumerable.Range(0, 32)
            .Select(i => i == 3 ? 302u : (uint)(10 + (i % 2 * 1000)));
        Assert.Equal(expected, Ptx.Passes(body));
    }

    [Fact]
    public void Lanes_that_return_early_leave_the_others_running()
    {
        string body = """
            setp.lt.u32 %p1, %r1, 30;
            @%p1 ret;
            mov.u32 %r2, 7;
            bar.warp.sync 0xc0000000;
            """ + "\n" + Store;
        uint[] result = Ptx.Passes(body);
        Assert.Equal([0u, 7, 7], result[29..]);
    }

    [Fact]
    public void A_block_that_is_no_multiple_of_a_warp()
    {
        string body = "vote.sync.ballot.b32 %r2, %p1, 0xffffffff;\nbar.sync 0;\n" + Store;
        uint[] result = Ptx.Passes("setp.eq.u32 %p1, %r1, %r1;\n" + body, threads: 40, words: 41);
        Assert.Equal(uint.MaxValue, result[31]);
        Assert.Equal(0xffu, result[32]);
        Assert.Equal(0xffu, result[39]);
        Assert.Equal(0u, result[40]);
    }

    [Fact]
    public void Calls_run_the_function_in_place()
    {
        string text = """
            .version 7.8
            .target sm_80
            .address_size 64
            .visible .func (.param .b32 result) half(.param .b32 x)
            {
                .reg .pred %p<2>; .reg .b32 %r<4>;
                ld.param.b32 %r1, [x];
                setp.gt.u32 %p1, %r1, 10;
                @%p1 bra BIG;
                st.param.b32 [result], %r1;
                ret;
                BIG:
                shr.u32 %r2, %r1, 1;
                st.param.b32 [result], %r2;
                ret;
            }
            .visible .func unused(.param .b32 x) { .reg .b32 %r<2>; nosuchinstruction.b32 %r1; ret; }
            .visible .entry k(.param .b64 a, .param .b64 b, .param .b64 c)
            {
                .reg .b32 %r<9>; .reg .b64 %rd<9>;
                ld.param.b64 %rd1, [b];
                mov.u32 %r1, %tid.x;
                {
                    .param .b32 argument;
                    .param .b32 value;
                    st.param.b32 [argument], %r1;
                    call.uni (value), half, (argument);
                    ld.param.b32 %r2, [value];
                }
                mad.wide.u32 %rd2, %r1, 4, %rd1;
                st.global.u32 [%rd2], %r2;
                ret;
            }
            """;
        using var memory = new DeviceMemory();
        DeviceBuffer b = memory.Allocate(128, "b");
        PtxModule module = PtxModule.Parse(text);
        Ptx.Run(module.Entry("k"), memory, new LaunchOptions(), b, b);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)(i > 10 ? i / 2 : i)), b.Read<uint>(32));
        // A function that nobody calls may hold anything: ILGPU leaves the C# bodies of intrinsics behind.
        Assert.DoesNotContain(module.InstructionForms, f => f.StartsWith("nosuch", StringComparison.Ordinal));
    }
}
