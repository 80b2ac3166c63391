namespace KdKernels.PtxEmulator.Tests;

public sealed class TestedFormsTests
{
    // Forms outside the tables, with the tests that run them.
    private static readonly string[] Others =
    [
        // ErrorTests, DivergenceTests, GridOrderTests
        "bra", "bra.uni", "ret", "trap", "bar.sync", "bar.warp.sync", "call.uni", "membar.gl",
        "membar.cta", "membar.sys",
        "fence.acq_rel.gpu", "fence.acq_rel.sys", "fence.sc.gpu", "fence.acq_rel.cta",
        "atom.acq_rel.gpu.global.add.u32",
        "ld.param.b64", "ld.param.b32", "ld.param.f32", "ld.param.b16", "ld.param.u8", "ld.param.f64",
        "st.param.b32",
        // MemoryFormTests
        "cvta.shared.u64", "cvta.local.u64", "cvta.global.u64", "cvta.to.shared.u64", "cvta.to.local.u64",
        "cvta.to.global.u64", "cp.async.cg.shared.global", "cp.async.commit_group", "cp.async.wait_group",
        "cp.async.wait_all", "ld.shared.u8", "ld.shared.b16", "ld.shared.b32", "ld.shared.u32", "ld.shared.b64",
        "ld.shared.f32", "ld.shared.f64", "ld.shared.v2.b32", "ld.shared.v2.u32", "ld.shared.v4.b32", "ld.shared.v4.u32",
        "ld.local.u8",
        "ld.local.b16", "ld.local.b32", "ld.local.u32", "ld.local.b64", "ld.local.f32", "ld.local.f64",
        // WarpFormTests
        "shfl.sync.up.b32", "shfl.sync.down.b32", "shfl.sync.bfly.b32", "shfl.sync.idx.b32", "vote.sync.all.pred",
        "vote.sync.any.pred", "vote.sync.uni.pred", "vote.sync.ballot.b32", "match.any.sync.b32", "match.any.sync.b64",
        "activemask.b32", "redux.sync.add.u32", "redux.sync.add.s32", "redux.sync.min.u32", "redux.sync.max.u32",
        "redux.sync.min.s32", "redux.sync.max.s32", "redux.sync.and.b32", "redux.sync.or.b32", "redux.sync.xor.b32",
        // MatrixTests
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32",
        // ApproximationTests
        "ex2.approx.f32", "ex2.approx.ftz.f32", "lg2.approx.f32", "lg2.approx.ftz.f32", "rcp.approx.f32",
        "rcp.approx.ftz.f32", "sqrt.approx.f32", "sqrt.approx.ftz.f32", "rsqrt.approx.f32", "rsqrt.approx.ftz.f32",
        "sin.approx.f32", "sin.approx.ftz.f32", "cos.approx.f32", "cos.approx.ftz.f32", "tanh.approx.f32",
        "div.approx.f32", "div.approx.ftz.f32", "div.full.f32", "div.full.ftz.f32",
    ];

    private static readonly string[] Atomics =
    [
        "add.u32", "add.s32", "min.u32", "min.s32", "max.u32", "max.s32", "and.b32", "or.b32", "xor.b32", "inc.u32",
        "dec.u32",
    ];

    private static IEnumerable<string> All()
    {
        foreach (string form in InstructionCase.All.Select(g => g.Key).Concat(Others))
            yield return form;
        foreach (object[] row in ((IEnumerable<object[]>)MemoryFormTests.Loads).Concat(MemoryFormTests.Stores))
            yield return (string)row[0];
        foreach (string space in new[] { "global", "shared" })
        {
            foreach (string operation in Atomics.Concat(["exch.b32", "cas.b32"]))
            {
                string[] parts = operation.Split('.');
                yield return $"atom.{space}.{operation}";
                yield return $"atom.{parts[0]}.{space}.{parts[1]}";
            }

            foreach (string operation in Atomics)
            {
                string[] parts = operation.Split('.');
                yield return $"red.{space}.{operation}";
                yield return $"red.{parts[0]}.{space}.{parts[1]}";
            }
        }
    }

    [Fact]
    public void The_list_is_that_of_the_tests()
    {
        string[] tested = [.. All().Distinct().Order(StringComparer.Ordinal)];
        string[] listed = [.. InstructionSet.TestedForms.Order(StringComparer.Ordinal)];
        Assert.Empty(tested.Except(listed));
        Assert.Empty(listed.Except(tested));
        Assert.True(listed.Length > 900);
    }
}
