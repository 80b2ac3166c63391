using System.Text.RegularExpressions;
using KdKernels.Core;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Cases;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.Kernels.Tests;

/// <summary>The cases and the emulator object when a kernel of a loss on two tensors of logits is made wrong.</summary>
public sealed class PairFaultTests
{
    private const string Jsd = "Jsd/float32-warp-1024";
    private const string Decoupled = "DecoupledKd/float32-warp-1024";

    [Theory, InlineData(Jsd), InlineData(Decoupled)]
    public void Nothing_is_wrong_without_a_fault(string kernel) => Assert.Empty(Failures(kernel, ptx => ptx));

    [Theory, InlineData(Jsd), InlineData(Decoupled)]
    public void A_maximum_that_is_a_minimum(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"\bmax\.f32\b", "min.f32")));

    [Theory, InlineData(Jsd), InlineData(Decoupled)]
    public void A_logarithm_that_is_left_out(string kernel) => Assert.NotEmpty(
        Failures(kernel, ptx => Replace(ptx, @"\blg2\.approx\.ftz\.f32(\s+%f\d+, %f\d+;)", "mov.f32$1")));

    /// <summary>The label's class as one with mass.</summary>
    [Fact]
    public void A_label_that_is_not_left_out() => Assert.NotEmpty(
        Failures(Decoupled, ptx => Replace(ptx, Hex(-2e38f), Hex(0f))));

    [Theory, InlineData(Jsd), InlineData(Decoupled)]
    public void A_ticket_that_counts_wrong(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"(atom\.add\.global\.u32.*), 1;", "$1, 2;")));

    private static string Hex(float value) => $"0f{BitConverter.SingleToUInt32Bits(value):X8}";

    private static IReadOnlyList<string> Failures(string kernel, Func<string, string> change)
    {
        string stem = kernel[..kernel.IndexOf('/', StringComparison.Ordinal)];
        var rows = new KernelCase(stem, KdElementType.Float32, 9, 1, 100) { Labels = stem == "DecoupledKd" };
        PairCase[] table =
        [
            new(rows),
            new(rows with { Classes = 101, Layout = Layout.Misaligned, Reduction = KdReduction.None }),
            new(rows with { Temperature = 1000, Reduction = KdReduction.None }),
        ];
        return KernelProof.Of(KernelFolder.Committed, kernel, change, table).Failures;
    }

    private static string Replace(string ptx, string pattern, string by)
    {
        string changed = Regex.Replace(ptx, pattern, by, RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.NotEqual(ptx, changed);
        return changed;
    }
}
