using System.Text.RegularExpressions;
using KdKernels.Core;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Cases.Fsp;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.Kernels.Tests;

/// <summary>The cases and the emulator object when the matrix kernels are made wrong.</summary>
public sealed class FspGramFaultTests
{
    private const string Gram = "FspGram/float32-gram";
    private const string Gradient = "FspGram/float32-gradient";

    private static readonly FspCase[] Grams =
    [
        new(KdElementType.Float32, FspCall.Gram, 1, 17, 9, 24, 24) { Positive = true },
        new(KdElementType.Float32, FspCall.Loss, 2, 5, 3, 8, 8) { Reduction = KdReduction.None },
    ];

    private static readonly FspCase[] Gradients =
    [
        new(KdElementType.Float32, FspCall.GramBackward, 1, 5, 35, 8, 8),
    ];

    [Fact]
    public void Nothing_is_wrong_without_a_fault()
    {
        Assert.Empty(Failures(Gram, Grams, ptx => ptx));
        Assert.Empty(Failures(Gradient, Gradients, ptx => ptx));
    }

    [Fact]
    public void A_wait_for_too_few_copies() =>
        Assert.NotEmpty(Failures(Gram, Grams, ptx => Replace(ptx, @"(cp\.async\.wait_group\s+)2;", "${1}3;")));

    [Fact]
    public void A_missing_barrier() =>
        Assert.NotEmpty(Failures(Gradient, Gradients, ptx => Replace(ptx, @"^\s*bar\.sync\s+0;\n", "")));

    [Fact]
    public void A_missing_fence_between_the_parts_of_a_tile() =>
        Assert.NotEmpty(Failures(Gram, Grams, ptx => Replace(ptx, @"^\s*membar\.gl;\n", "")));

    [Fact]
    public void The_low_parts_left_out() =>
        Assert.NotEmpty(Failures(Gram, Grams, ptx => Replace(ptx, @"^\s*sub\.f32\s+(%f\d+), .*\n", "\tmov.f32\t$1, 0f00000000;\n")));

    [Fact]
    public void Operands_of_a_product_exchanged() => Assert.NotEmpty(Failures(
        Gradient, Gradients, ptx => Replace(ptx, @"(mma\.sync\S+\s+\{[^}]*\}, \{[^}]*\}, )\{(%r\d+), (%r\d+)\}", "$1{$3, $2}")));

    private static IReadOnlyList<string> Failures(string kernel, FspCase[] table, Func<string, string> change) =>
        KernelProof.Of(KernelFolder.Committed, kernel, change, table).Failures;

    private static string Replace(string ptx, string pattern, string by)
    {
        string changed = Regex.Replace(ptx, pattern, by, RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.NotEqual(ptx, changed);
        return changed;
    }
}
