using System.Text.RegularExpressions;
using KdKernels.Core;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Cases;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.Kernels.Tests;

/// <summary>The proofs of NoiseProbe and PixelEntropy object when a kernel is made wrong.</summary>
public sealed class NoiseFaultTests
{
    private const string Forward = "NoiseProbe/float32-forward";
    private const string Backward = "NoiseProbe/float32-backward";
    private const string Entropy = "PixelEntropy/float32-flat";

    private static readonly NoiseProbeCase Probe =
        new(KdElementType.Float32, new NoiseProbeShape(2, 2, 8, 16, 2, 4, 3, Samples: 2));

    private static readonly PixelEntropyCase Units = new(KdElementType.Float32, 3, 300) { Points = true };

    [Fact]
    public void Nothing_is_wrong_without_a_fault()
    {
        Assert.Empty(Failures(Forward, ptx => ptx, Probe));
        Assert.Empty(Failures(Backward, ptx => ptx, Probe with { Backward = true }));
        Assert.Empty(Failures(Entropy, ptx => ptx, Units));
    }

    [Fact]
    public void A_multiplication_that_is_fused_gives_other_bits() => Assert.NotEmpty(Failures(
        Forward, ptx => Replace(ptx, @"fma\.rn\.f32(\s+\S+ \S+ \S+ %f\d+;)", "fma.rz.f32$1"), Probe));

    [Fact]
    public void A_coefficient_of_the_noise_that_is_a_millionth_off() =>
        Assert.NotEmpty(Failures(Forward, ptx => Replace(ptx, "0fBF2AAB7A", "0fBF2AAB8A"), Probe));

    [Fact]
    public void A_multiplier_of_the_generator_that_is_off() =>
        Assert.NotEmpty(Failures(Forward, ptx => Replace(ptx, "3528531795", "3528531797"), Probe));

    [Fact]
    public void A_ticket_without_its_fences() => Assert.NotEmpty(Failures(
        Backward, ptx => Replace(ptx, @"^\s*membar\.gl;\n", ""), Probe with { Backward = true }));

    [Fact]
    public void A_ticket_that_counts_wrong() => Assert.NotEmpty(Failures(
        Backward, ptx => Replace(ptx, @"(atom\.add\.global\.u32.*), 1;", "$1, 2;"), Probe with { Backward = true }));

    [Fact]
    public void A_missing_barrier() => Assert.NotEmpty(Failures(
        Backward, ptx => Replace(ptx, @"^\s*bar\.sync\s+0;\n", ""), Probe with { Backward = true }));

    [Fact]
    public void Exponents_that_are_counted_from_the_wrong_one() =>
        Assert.NotEmpty(Failures(Entropy, ptx => Replace(ptx, @"(sub\.s32.*), 126;", "$1, 125;"), Units));

    [Fact]
    public void A_mask_that_is_read_the_other_way_round() => Assert.NotEmpty(Failures(
        Entropy, ptx => Replace(ptx, @"ld\.global\.nc\.b32(\s+)(%r\d+), (.*);", "ld.global.nc.b32$1$2, $3; not.b32 $2, $2;"), Units));

    private static IReadOnlyList<string> Failures(string kernel, Func<string, string> change, ProofCase proofCase) =>
        KernelProof.Of(KernelFolder.Committed, kernel, change, [proofCase]).Failures;

    private static string Replace(string ptx, string pattern, string by)
    {
        string changed = Regex.Replace(ptx, pattern, by, RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.NotEqual(ptx, changed);
        return changed;
    }
}
