using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>NormalizedMatch: rows of one part and of several, every reduction and pass, rows that single precision cannot square.</summary>
internal sealed class NormalizedMatchCases : StemCases
{
    public override string Stem => nameof(NormalizedMatch);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        bool general = kernel.Kind.EndsWith("-general", StringComparison.Ordinal);
        bool ofGradients = kernel.Kind.StartsWith("gradients", StringComparison.Ordinal);
        int part = general || kernel.MaxClasses > 0 ? 4096 : 8192;
        MatchLayout layout = general ? MatchLayout.Misaligned : MatchLayout.Contiguous;
        int[] lengths = (general, ofGradients, kernel.MaxClasses) switch
        {
            (false, false, > 0) => [4, 1020, 1028, 4096],
            (true, false, _) => [1, 2, 31, 1023, 1025, 4097],
            (_, false, _) => [4, 8192, 8196],
            _ => [part + 4, (2 * part) + 1020],
        };
        MatchCase small = new(type, 4, ofGradients ? part + 4 : general ? 131 : 132) { Layout = layout };
        var cases = new List<ProofCase>();
        foreach (int length in lengths)
        {
            cases.Add(small with { Rows = 2, Length = length });
            if (!ofGradients) cases.Add(small with { Rows = 3, Length = length, Pass = Pass.Forward, Reduction = KdReduction.None });
        }

        foreach (MatchPattern pattern in Enum.GetValues<MatchPattern>())
        {
            // Three times a 16-bit teacher is rounded; its elements cannot be that far apart either.
            if (type != KdElementType.Float32 && pattern is MatchPattern.Extreme or MatchPattern.Near) continue;
            cases.Add(small with { Pattern = pattern, Reduction = KdReduction.None });
            if (!ofGradients && kernel.MaxClasses == 0)
                cases.Add(small with { Rows = 2, Length = part + 8, Pattern = pattern, Reduction = KdReduction.None });
        }

        MatchCase few = small with { Rows = 2 };
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            cases.Add(few with { Reduction = reduction, Pass = Pass.Backward });
            if (!ofGradients) cases.Add(few with { Reduction = reduction, Pass = Pass.Forward });
        }

        if (general)
            cases.Add(few with { Layout = MatchLayout.Transposed });
        else
            cases.Add(few with { Layout = MatchLayout.Padded });
        if (ofGradients) return cases;
        // What is empty has no alignment, and goes to the kernels of whole quads.
        if (!general) cases.Add(small with { Rows = 0 });
        cases.Add(small with { Rows = 37, Length = general ? 5 : 8, Reduction = KdReduction.Mean });
        return cases;
    }

    public override ProofCase Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        bool general = kernel.Kind.EndsWith("-general", StringComparison.Ordinal);
        bool ofGradients = kernel.Kind.StartsWith("gradients", StringComparison.Ordinal);
        if (kernel.MaxClasses > 0) return new MatchCase(type, 3, 4096);
        return general
            ? new MatchCase(type, 2, 12285) { Layout = MatchLayout.Padded, Pass = ofGradients ? Pass.ForwardWithGradient : Pass.Forward }
            : new MatchCase(type, 2, 16384) { Pass = ofGradients ? Pass.ForwardWithGradient : Pass.Forward };
    }

    /// <summary>
    /// The gradient of a row of several parts needs the sums of all of them: both rows are read by both launches, 5 streams where
    /// the operands are 3. What the second launch finds in L2 does not count here.
    /// </summary>
    public override double TrafficLimit(KernelEntry kernel) =>
        kernel.Kind.StartsWith("gradients", StringComparison.Ordinal) ? 1.05 * 5 / 3 : 1.05;

    /// <summary>Gradients follow sums.</summary>
    public override bool Needs(KernelEntry kernel, KernelEntry other)
    {
        if (kernel.ElementType != other.ElementType) return false;
        return (kernel.Kind, other.Kind, other.MaxClasses) switch
        {
            ("gradients", "sums", 0) or ("sums", "gradients", 0) => kernel.MaxClasses == 0,
            ("gradients-general", "sums-general", _) or ("sums-general", "gradients-general", _) => true,
            _ => false,
        };
    }
}
