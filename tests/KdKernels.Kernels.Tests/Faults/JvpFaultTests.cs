using System.Text.RegularExpressions;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.Kernels.Tests;

/// <summary>The cases of the Jacobian-vector products and of dual numbers object when a kernel is made wrong.</summary>
public sealed class JvpFaultTests
{
    private const string Jvp = "SoftmaxJvp/float32-backward-1024";
    private const string Match = "NormalizedMatch/float32-sums-4096";
    private const string Pool = "DualMaxPool/float32-backward";
    private const string Norm = "DualBatchNorm/float32-backward";

    [Theory, InlineData(Jvp), InlineData(Match), InlineData(Pool), InlineData(Norm)]
    public void Nothing_is_wrong_without_a_fault(string kernel) => Assert.Empty(Failures(kernel, ptx => ptx));

    [Theory, InlineData(Jvp), InlineData(Match)]
    public void A_missing_barrier(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"^\s*bar\.sync\s+0;\n", "")));

    [Theory, InlineData(Jvp), InlineData(Match)]
    public void A_sum_that_is_broadcast_from_the_wrong_lane(string kernel) => Assert.NotEmpty(
        Failures(kernel, ptx => Replace(ptx, @"(shfl\.sync\.idx\.b32\s+\S+ \S+), 8,", "$1, 16,")));

    [Theory, InlineData(Jvp), InlineData(Match), InlineData(Norm)]
    public void A_store_that_is_left_out(string kernel) => Assert.NotEmpty(
        Failures(kernel, ptx => Replace(ptx, @"^\s*st\.global\.cs\.v4\.b32\s.*\n", "")));

    [Fact]
    public void A_ticket_that_counts_wrong() => Assert.NotEmpty(
        Failures(Match, ptx => Replace(ptx, @"(atom\.add\.global\.u32.*), 1;", "$1, 2;")));

    [Fact]
    public void A_largest_logit_that_is_the_smallest() =>
        Assert.NotEmpty(Failures(Jvp, ptx => Replace(ptx, @"\bmax\.f32\b", "min.f32")));

    [Fact]
    public void A_fused_multiply_add_that_rounds_twice() => Assert.NotEmpty(Failures(
        Match, ptx => Replace(ptx, @"fma\.rn\.f32\s+(%f\d+), (%f\d+), (%f\d+), (%f\d+);", "mul.f32 $1, $2, $3;\n\tadd.f32 $1, $1, $4;")));

    private static IReadOnlyList<string> Failures(string kernel, Func<string, string> change) =>
        KernelProof.Of(KernelFolder.Committed, kernel, change).Failures;

    private static string Replace(string ptx, string pattern, string by)
    {
        string changed = Regex.Replace(ptx, pattern, by, RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.NotEqual(ptx, changed);
        return changed;
    }
}
