namespace KdKernels.PtxEmulator.Tests;

public sealed class CountingTests
{
    private const string Shared = ".shared .align 16 .b8 s[8192];";

    private static LaunchReport Run(string body, int blocks = 1, int threads = 32)
    {
        using var memory = new DeviceMemory();
        DeviceBuffer a = memory.Allocate(1 << 16, "a", initialized: true);
        DeviceBuffer b = memory.Allocate(1 << 16, "b", initialized: true);
        return Ptx.Run(body, memory, new LaunchOptions { Grid = blocks, Block = threads }, Shared, a, b);
    }

    [Theory]
    [InlineData("add.u64 %rd5, %rd1, %rd4;", "u32", 4, 4, 128)]
    [InlineData("add.u64 %rd5, %rd1, %rd4; add.u64 %rd5, %rd5, 16;", "u32", 5, 4, 128)]
    [InlineData("mul.wide.u32 %rd5, %r1, 32; add.u64 %rd5, %rd1, %rd5;", "u32", 32, 4, 128)]
    [InlineData("mov.u64 %rd5, %rd1;", "u32", 1, 1, 4)]
    [InlineData("mul.wide.u32 %rd5, %r1, 16; add.u64 %rd5, %rd1, %rd5;", "v4.u32", 16, 16, 512)]
    [InlineData("xor.b32 %r9, %r1, 31; mul.wide.u32 %rd5, %r9, 4; add.u64 %rd5, %rd1, %rd5;", "u32", 4, 4, 128)]
    [InlineData("mul.wide.u32 %rd5, %r1, 2; add.u64 %rd5, %rd1, %rd5;", "u16", 2, 2, 64)]
    public void Sectors_of_a_global_load(string address, string type, int sectors, int ideal, int bytes)
    {
        string to = type.StartsWith("v4", StringComparison.Ordinal) ? "{%r2, %r3, %r4, %r5}" : "%r2";
        LaunchReport report = Run($"{address}\nld.global.{type} {to}, [%rd5];");
        Assert.Equal(sectors, report.GlobalSectors);
        Assert.Equal(ideal, report.IdealGlobalSectors);
        Assert.Equal(bytes, report.ReadBytes);
        Assert.Equal(bytes, report.DistinctReadBytes);
        Assert.Equal(1, report.Warps(InstructionClass.Global));
        Assert.Equal(32, report.Lanes(InstructionClass.Global));
    }

    [Theory]
    [InlineData("4", "u32", 1, 1)]
    [InlineData("8", "u32", 2, 1)]
    [InlineData("128", "u32", 32, 1)]
    [InlineData("132", "u32", 1, 1)]
    [InlineData("0", "u32", 1, 1)]
    [InlineData("16", "v4.u32", 4, 4)]
    [InlineData("144", "v4.u32", 4, 4)]
    [InlineData("128", "v4.u32", 32, 4)]
    [InlineData("8", "v2.u32", 2, 2)]
    public void Wavefronts_of_a_shared_load(string stride, string type, int wavefronts, int ideal)
    {
        string to = type switch { "v4.u32" => "{%r2, %r3, %r4, %r5}", "v2.u32" => "{%r2, %r3}", _ => "%r2" };
        string fill = """
            mov.u32 %r9, 0;
            FILL:
            mul.wide.u32 %rd9, %r9, 4;
            mov.b64 %rd10, s;
            add.u64 %rd9, %rd9, %rd10;
            st.shared.u32 [%rd9], 0;
            add.u32 %r9, %r9, 1;
            setp.lt.u32 %p1, %r9, 2048;
            @%p1 bra FILL;
            mov.b64 %rd10, s;
            """;
        LaunchReport report = Run("setp.ne.u32 %p2, %r1, 0;\n@%p2 bra READ;\n" + fill + "\nREAD: bar.sync 0;\n"
            + $"mul.wide.u32 %rd9, %r1, {stride};\nmov.b64 %rd10, s;\nadd.u64 %rd9, %rd9, %rd10;\n"
            + $"ld.shared.{type} {to}, [%rd9];");
        InstructionProfile load = Assert.Single(report.Instructions,
            i => i.Text.StartsWith("ld.shared", StringComparison.Ordinal));
        Assert.Equal(wavefronts, load.Transactions);
        Assert.Equal(ideal, load.IdealTransactions);
        Assert.Equal(2048 + wavefronts, report.SharedWavefronts);
    }

    [Fact]
    public void Bytes_read_again_and_bytes_written()
    {
        string body = """
            add.u64 %rd5, %rd1, %rd4;
            ld.global.u32 %r2, [%rd5];
            ld.global.u32 %r3, [%rd5];
            ld.global.u32 %r4, [%rd5+64];
            mov.u32 %r5, %ctaid.x;
            mul.wide.u32 %rd6, %r5, 128;
            add.u64 %rd6, %rd6, %rd2;
            add.u64 %rd6, %rd6, %rd4;
            st.global.u32 [%rd6], %r2;
            """;
        LaunchReport report = Run(body, blocks: 2);
        BufferTraffic a = report.Buffers[0];
        Assert.Equal((768, 192, 576), (a.ReadBytes, a.DistinctReadBytes, a.RereadBytes));
        BufferTraffic b = report.Buffers[1];
        Assert.Equal((0, 256, 256), (b.ReadBytes, b.WrittenBytes, b.DistinctWrittenBytes));
        Assert.Equal("b", b.Name);
        Assert.Equal(192, report.DistinctReadBytes);
        Assert.Equal(256, report.DistinctWrittenBytes);
    }

    [Fact]
    public void Instructions_by_class()
    {
        string body = """
            cvt.rn.f32.u32 %f1, %r1;
            add.f32 %f2, %f1, %f1;
            ex2.approx.ftz.f32 %f3, %f2;
            cvt.f64.f32 %fd1, %f3;
            shfl.sync.bfly.b32 %r2, %r1, 1, 31, 0xffffffff;
            bar.sync 0;
            setp.lt.u32 %p1, %r1, 8;
            @%p1 st.shared.f32 [s], %f3;
            """.Replace("@%p1 st", "setp.eq.u32 %p1, %r1, 0;\n@%p1 st", StringComparison.Ordinal);
        LaunchReport report = Run(body, threads: 64);
        Assert.Equal((4, 128), (report.Warps(InstructionClass.Fp32), report.Lanes(InstructionClass.Fp32)));
        Assert.Equal(2, report.Warps(InstructionClass.Mufu));
        Assert.Equal(2, report.Warps(InstructionClass.Fp64));
        Assert.Equal(64, report.Lanes(InstructionClass.Shuffle));
        Assert.Equal(2, report.Warps(InstructionClass.Barrier));
        Assert.Equal((2, 1), (report.Warps(InstructionClass.Shared), report.Lanes(InstructionClass.Shared)));
        Assert.Equal(6, report.Warps(InstructionClass.Parameter));
        Assert.Equal(2, report.Warps(InstructionClass.Branch));
        Assert.True(report.LaneInstructions > 32 * 20);
        Assert.True(report.LaneInstructionsPerSecond > 0);
    }
}
