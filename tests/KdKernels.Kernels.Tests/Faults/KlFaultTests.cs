using System.Text.RegularExpressions;
using KdKernels.Core;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Cases;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.Kernels.Tests;

/// <summary>The cases and the emulator object when a kernel is made wrong.</summary>
public sealed class KlFaultTests
{
    private const string Block = "TemperedKl/float32-block-4096";
    private const string Warp = "TemperedKl/float32-warp-256";

    private static readonly KernelCase[] Table =
    [
        new("TemperedKl", KdElementType.Float32, 9, 1, 100),
        new("TemperedKl", KdElementType.Float32, 9, 1, 101)
        {
            Layout = Layout.Misaligned,
            Reduction = KdReduction.None,
        },
        new("TemperedKl", KdElementType.Float32, 9, 1, 255) { Ignored = true, Reduction = KdReduction.Sum },
        new("TemperedKl", KdElementType.Float32, 9, 1, 200) { Temperature = 1000, Reduction = KdReduction.None },
    ];

    [Theory, InlineData(Block), InlineData(Warp)]
    public void Nothing_is_wrong_without_a_fault(string kernel) => Assert.Empty(Failures(kernel, ptx => ptx));

    [Fact]
    public void A_missing_barrier() =>
        Assert.NotEmpty(Failures(Block, ptx => Replace(ptx, @"^\s*bar\.sync\s+0;\n", "")));

    [Theory, InlineData(Block), InlineData(Warp)]
    public void A_missing_fence(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"^\s*membar\.gl;\n", "")));

    [Theory, InlineData(Block), InlineData(Warp)]
    public void A_ticket_that_counts_wrong(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"(atom\.add\.global\.u32.*), 1;", "$1, 2;")));

    [Theory, InlineData(Block), InlineData(Warp)]
    public void A_shuffle_that_reaches_the_wrong_lane(string kernel) => Assert.NotEmpty(
        Failures(kernel, ptx => Replace(ptx, @"(shfl\.sync\.bfly\.b32\s+\S+ \S+), 16,", "$1, 8,")));

    [Theory, InlineData(Block), InlineData(Warp)]
    public void A_load_that_reaches_too_far(string kernel) => Assert.NotEmpty(Failures(
        kernel, ptx => Replace(ptx, @"(ld\.global\.nc\.L1::no_allocate\.v4\.b32\s+.*, \[%rd\d+)\]", "$1+16]")));

    [Theory, InlineData(Block), InlineData(Warp)]
    public void A_store_that_is_left_out(string kernel) => Assert.NotEmpty(
        Failures(kernel, ptx => Replace(ptx, @"^\s*st\.global\.cs\.v4\.b32\s.*\n", "")));

    [Theory, InlineData(Block), InlineData(Warp)]
    public void A_maximum_that_is_a_minimum(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"\bmax\.f32\b", "min.f32")));

    [Theory, InlineData(Block), InlineData(Warp)]
    public void A_half_that_is_a_little_more(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, "0f3F000000", "0f3F002000")));

    private static IReadOnlyList<string> Failures(string kernel, Func<string, string> change) =>
        KernelProof.Of(KernelFolder.Committed, kernel, change, Table).Failures;

    private static string Replace(string ptx, string pattern, string by)
    {
        string changed = Regex.Replace(
            ptx, pattern, by, RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.NotEqual(ptx, changed);
        return changed;
    }
}
