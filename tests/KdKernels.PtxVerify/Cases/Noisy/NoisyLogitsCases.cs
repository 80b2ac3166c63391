using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Traffic;

namespace KdKernels.PtxVerify.Cases;

/// <summary>How the kernels of NoisyLogits are proved.</summary>
internal sealed class NoisyLogitsCases : StemCases
{
    public override string Stem => nameof(NoisyLogits);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel) => [.. Cases(kernel)];

    public override ProofCase? Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        var any = new KernelCase(Stem, type, 1, 1, 1) { TeacherGradient = true };
        if (kernel.Kind == "pixels")
            return new NoisyCase(any with { Inner = 2048, Classes = 20, Layout = Layout.Pixels });
        int classes = kernel.MaxClasses > 0 ? kernel.MaxClasses : 16384;
        int rows = (TrafficProof.LeastSize / (2 * classes * Narrow.Size(type))) + 1;
        return new NoisyCase(any with { Outer = rows, Classes = classes });
    }

    private IEnumerable<NoisyCase> Cases(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        (Layout layout, int outer, int inner, int[] lengths, int usual) = kernel.Kind switch
        {
            "warp" => (Layout.Contiguous, 9, 1, new[] { 1, 3, 4, 127, 1023, 1024 }, 36),
            "block" => (Layout.Contiguous, 3, 1, [1025, 4095, 8196], 1028),
            _ => (Layout.Pixels, 2, 67, [2, 3, 4, 5], 7),
        };
        KernelCase any = new(Stem, type, outer, inner, usual) { Layout = layout, TeacherGradient = true };
        // Bits: every element of a row has noise of its own.
        foreach (int classes in lengths)
            yield return new(any with { Classes = classes, Outer = Math.Min(outer, 3), Reduction = KdReduction.None }) { Alpha = 1 };
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            yield return new(any with { Reduction = reduction, Pass = Pass.Forward });
            yield return new(any with { Reduction = reduction, Pass = Pass.Backward });
            yield return new(any with { Reduction = reduction, TeacherGradient = false });
            yield return new(any with { Reduction = reduction }) { Samples = SampleNumbers.Given };
        }

        KernelCase rows = any with { Reduction = KdReduction.None };
        foreach (Pattern pattern in Enum.GetValues<Pattern>().Where(pattern => pattern != Pattern.Excluded))
            yield return new(rows with { Pattern = pattern });
        // A factor with noise makes of an infinite logit what it will, but one without leaves it.
        yield return new(rows with { Pattern = Pattern.Excluded }) { Alpha = 0 };
        yield return new(rows) { Sigma = 0, Alpha = 1 };
        yield return new(rows) { Samples = SampleNumbers.OneWrong };
        yield return new(any) { Samples = SampleNumbers.OneWrong, Alpha = 0 };
        yield return new(any with { Outer = 0, Reduction = KdReduction.Mean });
        yield return new(any with { Outer = 1, Reduction = KdReduction.Mean });
        if (layout == Layout.Pixels) yield break;
        foreach (Layout other in new[] { Layout.Misaligned, Layout.MixedAlignment, Layout.Sliced, Layout.Reversed, Layout.ExpandedTeacher })
            yield return new(rows with { Outer = 4, Layout = other, TeacherGradient = other != Layout.ExpandedTeacher });
        // Parts of a row, the last of them one quad or not even that.
        if (kernel.Kind != "block") yield break;
        yield return new(any with { Outer = 2, Classes = 8196, Reduction = KdReduction.Sum });
        yield return new(any with { Outer = 1, Classes = 16387, Reduction = KdReduction.Sum });
    }
}
