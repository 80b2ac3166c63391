namespace KdKernels.PtxEmulator.Tests;

/// <summary>Texts that ptxas 11.8 rejects too (or, where it says so, that this project does not allow).</summary>
public sealed class RejectionTests
{
    [Theory]
    [InlineData("tanh.approx.ftz.f32 %f1, %f2;")]
    [InlineData("ex2.f32 %f1, %f2;")]
    [InlineData("ex2.approx.f64 %fd1, %fd2;")]
    [InlineData("max.NaN.bf16x2 %r2, %r3, 5;")]
    [InlineData("max.ftz.bf16x2 %r2, %r3, %r4;")]
    [InlineData("add.ftz.f64 %fd1, %fd2, %fd3;")]
    [InlineData("add.sat.u32 %r2, %r3, %r4;")]
    [InlineData("mul.u32 %r2, %r3, %r4;")]
    [InlineData("mul.wide.u64 %rd5, %rd6, %rd7;")]
    [InlineData("fma.f32 %f1, %f2, %f3, %f4;")]
    [InlineData("div.f32 %f1, %f2, %f3;")]
    [InlineData("rcp.f32 %f1, %f2;")]
    [InlineData("rsqrt.rn.f32 %f1, %f2;")]
    [InlineData("add.f32 %r2, %f2, %r3, %r4;")]
    [InlineData("add.s32 %f1, %r2, %r3;")]
    [InlineData("add.f32 %f1, %f2, %fd1;")]
    [InlineData("add.f32 %f1, %f2, 1;")]
    [InlineData("add.u64 %rd5, %r2, %rd6;")]
    [InlineData("and.u32 %r2, %r3, %r4;")]
    [InlineData("and.b32 %r2, %r3, %p1;")]
    [InlineData("shl.u32 %r2, %r3, 1;")]
    [InlineData("shl.b64 %rd5, %rd6, %rd7;")]
    [InlineData("setp.lo.s32 %p1, %r2, %r3;")]
    [InlineData("setp.ltu.s32 %p1, %r2, %r3;")]
    [InlineData("setp.lt.b32 %p1, %r2, %r3;")]
    [InlineData("setp.eq.ftz.f64 %p1, %fd1, %fd2;")]
    [InlineData("selp.b32 %r2, %r3, %r4, %r5;")]
    [InlineData("cvt.f32.s32 %f1, %r2;")]
    [InlineData("cvt.s32.f32 %r2, %f1;")]
    [InlineData("cvt.rn.s32.f32 %r2, %f1;")]
    [InlineData("cvt.rni.f32.s32 %f1, %r2;")]
    [InlineData("cvt.f32.f64 %f1, %fd1;")]
    [InlineData("cvt.rn.f64.f32 %fd1, %f1;")]
    [InlineData("cvt.bf16.f32 %h1, %f1;")]
    [InlineData("cvt.rn.bf16x2.f32 %r2, %f1;")]
    [InlineData("cvt.sat.s32.u16 %r2, %h1;")]
    [InlineData("ld.global.v4.f64 {%fd1, %fd2, %fd3, %fd4}, [%rd1];")]
    [InlineData("ld.global.v2.f32 %f1, [%rd1];")]
    [InlineData("ld.global.v3.f32 {%f1, %f2, %f3}, [%rd1];")]
    [InlineData("ld.global.f32 %r2, %f1;")]
    [InlineData("ld.shared.nc.f32 %f1, [%rd1];")]
    [InlineData("ld.global.wt.f32 %f1, [%rd1];")]
    [InlineData("ld.global.f32 %fd1, [%rd1];")]
    [InlineData("ld.global.u64 %r2, [%rd1];")]
    [InlineData("ld.relaxed.global.u32 %r2, [%rd1];")]
    [InlineData("ld.shared.L1::no_allocate.u32 %r2, [%rd1];")]
    [InlineData("st.global.nc.f32 [%rd1], %f1;")]
    [InlineData("st.global.ca.f32 [%rd1], %f1;")]
    [InlineData("st.global.f32 [%rd1], %fd1;")]
    [InlineData("atom.global.add.s64 %rd5, [%rd1], %rd6;")]
    [InlineData("atom.global.add.b32 %r2, [%rd1], %r3;")]
    [InlineData("atom.local.add.u32 %r2, [%rd1], %r3;")]
    [InlineData("red.global.exch.b32 [%rd1], %r3;")]
    [InlineData("shfl.bfly.b32 %r2, %r3, 1, 31;")]
    [InlineData("shfl.sync.bfly.b64 %rd5, %rd6, 1, 31, 0xffffffff;")]
    [InlineData("shfl.sync.bfly.b32 %r2, %r3, 1, 31;")]
    [InlineData("vote.sync.ballot.pred %p1, %p2, 0xffffffff;")]
    [InlineData("redux.sync.add.f32 %f1, %f2, 0xffffffff;")]
    [InlineData("redux.sync.and.u32 %r2, %r3, 0xffffffff;")]
    [InlineData("bra NOWHERE;")]
    [InlineData("mov.b32 %r2, %r99;")]
    [InlineData("@%r2 mov.b32 %r2, 1;")]
    [InlineData("mov.b32 %r2, {%r3, %r4};")]
    [InlineData("membar;")]
    [InlineData("cp.async.cg.shared.global [%rd5], [%rd6], 8;")]
    [InlineData("nosuchthing.b32 %r2, %r3;")]
    [InlineData("prmt.b32 %r2, %r3, %r4;")]
    [InlineData("mma.sync.m16n8k8.row.col.f32.tf32.tf32.f32 {%f1, %f2, %f3, %f4}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f2, %f3, %f4};")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f1, %f2, %f3, %f4}, {%f5, %f6, %f7, %f8}, {%r6, %r7}, {%f1, %f2, %f3, %f4};")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.tf32.tf32.f32 {%f1, %f2, %f3, %f4}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f2, %f3, %f4};")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.f16.f32 {%f1, %f2, %f3, %f4}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f2, %f3, %f4};")]
    [InlineData("mma.sync.aligned.m16n8k16.row.row.f32.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f2, %f3, %f4};")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f16.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f2, %f3, %f4};")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f1, %f2, %f3, %f4}, {%r2, %r3, %r4, %r5}, {%r2, %r3, %r4, %r5}, {%f1, %f2, %f3, %f4};")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.satfinite.f32.tf32.tf32.f32 {%f1, %f2, %f3, %f4}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f2, %f3, %f4};")]
    public void Rejected_with_its_line(string instruction)
    {
        PtxException error = Assert.Throws<PtxException>(() => PtxModule.Parse(Ptx.Kernel(instruction)));
        Assert.Equal(PtxError.Unsupported, error.Error);
        Assert.Equal(instruction, error.Text);
        Assert.Equal(14, error.Line);
        Assert.Equal("k", error.Kernel);
    }

    [Theory]
    [InlineData("atom.global.add.f32 %f1, [%rd1], %f2;")]
    [InlineData("red.add.global.f32 [%rd1], %f2;")]
    [InlineData("red.global.add.f64 [%rd1], %fd2;")]
    public void Float_atomics_are_forbidden_here(string instruction)
    {
        PtxException error = Assert.Throws<PtxException>(() => PtxModule.Parse(Ptx.Kernel(instruction)));
        Assert.Contains("the order of float atomics", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redux.sync.add.u32 %r2, %r3, 0xffffffff;", 75)]
    [InlineData("cvt.rn.bf16x2.f32 %r2, %f1, %f2;", 75)]
    [InlineData("max.bf16x2 %r2, %r3, %r4;", 75)]
    [InlineData("cp.async.wait_all;", 75)]
    [InlineData("max.NaN.f32 %f1, %f2, %f3;", 75)]
    [InlineData("cvt.f32.bf16 %f1, %h1;", 80)]
    [InlineData("add.bf16 %h1, %h2, %h3;", 80)]
    [InlineData("tanh.approx.f32 %f1, %f2;", 70)]
    public void Rejected_for_the_target(string instruction, int target)
    {
        PtxException error = Assert.Throws<PtxException>(() => PtxModule.Parse(Ptx.Kernel(instruction, target)));
        Assert.Contains($"but got sm_{target}", error.Message, StringComparison.Ordinal);
        PtxModule.Parse(Ptx.Kernel(instruction, 90));
    }

    [Theory]
    [InlineData("", "'.version'")]
    [InlineData(".version 7.8", "'.target'")]
    [InlineData(".version 7.8\n.target sm_80\n.global .b32 x;", "a directive that the emulator knows")]
    [InlineData(".version 7.8\n.target sm_80\n.entry k() { mov.b32 %r1, ; }", "an operand")]
    [InlineData(".version 7.8\n.target sm_80\n.entry k() { .reg .b32 %r<2>; .reg .b32 %r<2>; ret }", "an operand")]
    [InlineData(".version 7.8\n.target sm_80\n.entry k() {", "more text")]
    public void Broken_modules(string text, string expected)
    {
        PtxException error = Assert.Throws<PtxException>(() => PtxModule.Parse(text));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Launches_that_do_not_fit()
    {
        using var memory = new DeviceMemory();
        string text = Ptx.Kernel("").Replace("c)", "c) .maxntid 64, 1, 1", StringComparison.Ordinal);
        PtxEntry entry = PtxModule.Parse(text).Entry("k");
        Assert.Equal(24, entry.ParameterBytes);
        foreach (LaunchOptions options in new[]
        {
            new LaunchOptions { Block = 65, Parameters = [new byte[24]] },
            new LaunchOptions { Grid = 0, Parameters = [new byte[24]] },
            new LaunchOptions { Parameters = [new byte[8], new byte[8]] },
            new LaunchOptions { Parameters = [new byte[8], new byte[8], new byte[4]] },
            new LaunchOptions { SharedBytes = 300_000, Parameters = [new byte[24]] },
        })
        {
            PtxException error = Assert.Throws<PtxException>(() => Emulator.Launch(entry, memory, options));
            Assert.Equal(PtxError.Launch, error.Error);
        }
    }
}
