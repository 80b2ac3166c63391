using System.Text.RegularExpressions;
using KdKernels.Core;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Cases;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.Kernels.Tests;

/// <summary>The cases of CrdContrast object when a kernel is made wrong.</summary>
public sealed class CrdContrastFaultTests
{
    private const string Rows = "CrdContrast/float32-rows-128";
    private const string Draw = "CrdContrast/draw";

    private static readonly ProofCase[] Table =
    [
        new CrdCase(KdElementType.Float32, 3, 19, 128, 7),
        new CrdCase(KdElementType.Float32, 34, 11, 4, 2) { Draws = CrdDraws.Relaxed },
    ];

    private static readonly ProofCase[] DrawTable = [new CrdDrawCase(3, 50, 41)];

    [Fact]
    public void Nothing_is_wrong_without_a_fault()
    {
        Assert.Empty(Failures(Rows, Table, ptx => ptx));
        Assert.Empty(Failures(Draw, DrawTable, ptx => ptx));
    }

    [Fact]
    public void A_missing_barrier() => Assert.NotEmpty(Failures(Rows, Table, ptx => Replace(ptx, @"^\s*bar\.sync\s+0;\n", "")));

    [Fact]
    public void A_missing_fence() => Assert.NotEmpty(Failures(Rows, Table, ptx => Replace(ptx, @"^\s*membar\.gl;\n", "")));

    [Fact]
    public void An_exchange_with_the_wrong_lane() => Assert.NotEmpty(
        Failures(Rows, Table, ptx => Replace(ptx, @"(shfl\.sync\.bfly\.b32\s+\S+ \S+), 4,", "$1, 2,")));

    [Fact]
    public void A_weight_from_the_wrong_lane() => Assert.NotEmpty(
        Failures(Rows, Table, ptx => Replace(ptx, @"(shfl\.sync\.idx\.b32\s+\S+ \S+), %r\d+,", "$1, 0,")));

    [Fact]
    public void A_row_that_is_not_its_own() => Assert.NotEmpty(
        Failures(Rows, Table, ptx => Replace(ptx, @"(ld\.global\.nc\.L1::no_allocate\.v4\.b32\s+.*, \[%rd\d+)\]", "$1+16]")));

    [Fact]
    public void A_round_constant_of_the_random_numbers() =>
        Assert.NotEmpty(Failures(Draw, DrawTable, ptx => Replace(ptx, @"\b2654435769\b", "2654435771")));

    private static IReadOnlyList<string> Failures(string kernel, IReadOnlyList<ProofCase> table, Func<string, string> change) =>
        KernelProof.Of(KernelFolder.Committed, kernel, change, table).Failures;

    private static string Replace(string ptx, string pattern, string by)
    {
        string changed = Regex.Replace(ptx, pattern, by, RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.NotEqual(ptx, changed);
        return changed;
    }
}
