using System.Text.RegularExpressions;
using KdKernels.Core;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Cases;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.Kernels.Tests;

/// <summary>The cases and the emulator object when a kernel of the feature maps is made wrong.</summary>
public sealed class MapFaultTests
{
    private const string Attention = "AttentionSquared/float32-planes";
    private const string Bounded = "TeacherBounded/float32-general";
    private const string Vid = "VidLikelihood/float32-planes";

    private static readonly ProofCase[] Shared =
    [
        new AttentionCase(KdElementType.Float32, 2, 48, 26, 28),
        // The counters that the first call leaves meet the second.
        new AttentionCase(KdElementType.Float32, 2, 48, 26, 28) { Pass = Pass.Forward },
        new AttentionCase(KdElementType.Float32, 2, 8, 7, 7),
    ];

    private static readonly ProofCase[] Boxes =
    [
        new BoundedCase(KdElementType.Float32, 64, 1, 4) { Ties = true, Reduction = KdReduction.None },
        new BoundedCase(KdElementType.Float32, 300, 1, 4) { Masked = true },
    ];

    private static readonly ProofCase[] Features = [new VidCase(KdElementType.Float32, 70, 64, 8), new VidCase(KdElementType.Float32, 3, 16, 5)];

    public static TheoryData<string> Kernels => new(Attention, Bounded, Vid);

    [Theory, MemberData(nameof(Kernels))]
    public void Nothing_is_wrong_without_a_fault(string kernel) => Assert.Empty(Failures(kernel, ptx => ptx));

    [Theory, MemberData(nameof(Kernels))]
    public void A_missing_barrier(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"^\s*bar\.sync\s+0;\n", "")));

    [Theory, MemberData(nameof(Kernels))]
    public void A_missing_fence(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"^\s*membar\.gl;\n", "")));

    [Theory, MemberData(nameof(Kernels))]
    public void A_ticket_that_counts_wrong(string kernel) =>
        Assert.NotEmpty(Failures(kernel, ptx => Replace(ptx, @"(atom\.add\.global\.u32.*), 1;", "$1, 2;")));

    [Fact]
    public void A_counter_that_is_not_left_zero() =>
        Assert.NotEmpty(Failures(Attention, ptx => Replace(ptx, @"(atom\.exch\.global\.b32.*), 0;", "$1, 1;")));

    [Fact]
    public void A_step_that_reaches_too_far() => Assert.NotEmpty(Failures(
        Attention, ptx => Replace(ptx, @"(ld\.global\.nc\.L1::no_allocate\.v4\.b32\s+.*, \[%rd\d+)\]", "$1+16]")));

    [Theory, InlineData(Attention), InlineData(Vid)]
    public void A_store_that_is_left_out(string kernel) => Assert.NotEmpty(
        Failures(kernel, ptx => Replace(ptx, @"^\s*st\.global\.cs\.v4\.b32\s.*\n", "")));

    private static IReadOnlyList<string> Failures(string kernel, Func<string, string> change) => KernelProof.Of(
        KernelFolder.Committed, kernel, change, kernel == Attention ? Shared : kernel == Bounded ? Boxes : Features).Failures;

    private static string Replace(string ptx, string pattern, string by)
    {
        string changed = Regex.Replace(ptx, pattern, by, RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.NotEqual(ptx, changed);
        return changed;
    }
}
