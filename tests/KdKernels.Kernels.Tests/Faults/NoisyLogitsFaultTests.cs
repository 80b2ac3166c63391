using System.Text.RegularExpressions;
using KdKernels.Core;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Cases;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.Kernels.Tests;

/// <summary>The cases object when a kernel of NoisyLogits is made wrong.</summary>
public sealed class NoisyLogitsFaultTests
{
    private const string Kernel = "NoisyLogits/float32-warp-1024";

    private static readonly KernelCase Rows =
        new("NoisyLogits", KdElementType.Float32, 9, 1, 37) { Reduction = KdReduction.None, TeacherGradient = true };

    [Fact]
    public void Nothing_is_wrong_without_a_fault() => Assert.Empty(Failures(ptx => ptx));

    [Fact]
    public void A_coefficient_of_the_noise_that_is_a_millionth_off() =>
        Assert.NotEmpty(Failures(ptx => Replace(ptx, "0fBF2AAB7A", "0fBF2AAB8A")));

    [Fact]
    public void A_factor_of_the_teacher_that_is_rounded_otherwise() =>
        Assert.NotEmpty(Failures(ptx => Replace(ptx, @"fma\.rn\.f32(\s+\S+ \S+ (%f\d+), \2;)", "fma.rz.f32$1")));

    [Fact]
    public void A_draw_of_which_a_bit_too_much_counts() =>
        Assert.NotEmpty(Failures(ptx => Replace(ptx, @"(shr\.u64\s+\S+ \S+) 11;", "$1 10;")));

    [Fact]
    public void A_number_that_is_no_sample_but_taken_for_one() => Assert.NotEmpty(Failures(
        ptx => Replace(ptx, Regex.Escape($"0f{BitConverter.SingleToUInt32Bits(float.NaN):X8}"), "0f00000000")));

    [Fact]
    public void A_ticket_that_counts_wrong() =>
        Assert.NotEmpty(Failures(ptx => Replace(ptx, @"(atom\.add\.global\.u32.*), 1;", "$1, 2;")));

    private static IReadOnlyList<string> Failures(Func<string, string> change)
    {
        NoisyCase[] table =
        [
            new(Rows),
            new(Rows with { Reduction = KdReduction.Sum }) { Alpha = 1, Samples = SampleNumbers.Given },
            new(Rows) { Samples = SampleNumbers.OneWrong },
        ];
        return KernelProof.Of(KernelFolder.Committed, Kernel, change, table).Failures;
    }

    private static string Replace(string ptx, string pattern, string by)
    {
        string changed = Regex.Replace(ptx, pattern, by, RegexOptions.Multiline, TimeSpan.FromSeconds(10));
        Assert.NotEqual(ptx, changed);
        return changed;
    }
}
