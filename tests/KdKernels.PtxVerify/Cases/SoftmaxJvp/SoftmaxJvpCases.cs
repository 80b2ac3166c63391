using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>SoftmaxJvp: lengths at which the way through a kernel changes, tiles of tangents that are not full, every pass.</summary>
internal sealed class SoftmaxJvpCases : StemCases
{
    // More tangents than the launcher takes for one sum.
    private const int Many = SoftmaxJvpCuda.TangentsPerSum + 3;

    public override string Stem => nameof(SoftmaxJvp);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        bool general = kernel.Kind.EndsWith("-general", StringComparison.Ordinal);
        bool backward = kernel.Kind.StartsWith("backward", StringComparison.Ordinal);
        int[] lengths = (general, kernel.MaxClasses) switch
        {
            (true, _) => [1, 2, 3, 31, 33, 127, 129, 257],
            (_, 128) => [4, 12, 100, 128],
            (_, 1024) => [4, 132, 1000, 1024],
            (_, 4096) => [4, 1028, 4096],
            _ => [4, 1020, 1024, 1028, 8204],
        };
        var cases = new List<ProofCase>();
        foreach (int classes in lengths)
        {
            var any = new JvpCase(type, 2, classes > 1024 ? 3 : 5, classes);
            foreach (SoftmaxForm of in Enum.GetValues<SoftmaxForm>())
            {
                if (!backward)
                {
                    cases.Add(any with { Of = of });
                    continue;
                }

                cases.Add(any with { Of = of, Pass = JvpPass.Backward });
            }
        }

        var small = new JvpCase(type, 4, 3, lengths[1] == 2 ? 13 : lengths[1])
        {
            Pass = backward ? JvpPass.Backward : JvpPass.Forward,
        };
        foreach (SoftmaxForm of in Enum.GetValues<SoftmaxForm>())
        {
            foreach (JvpPattern pattern in Enum.GetValues<JvpPattern>())
            {
                // 16-bit tangents have no digits for a shift of 2^20.
                if (pattern != JvpPattern.Shifted || type == KdElementType.Float32)
                    cases.Add(small with { Of = of, Pattern = pattern });
            }

            cases.Add(small with { Of = of, Pass = backward ? JvpPass.LogitsOnly : JvpPass.TangentsOnly });
        }

        cases.AddRange(Layouts(small, general));
        cases.Add(small with { Rows = 0 });
        cases.Add(small with { Tangents = 0 });
        cases.Add(small with { Rows = 1, Tangents = 1 });
        cases.Add(small with { Rows = 19, Tangents = 2, Temperature = 0.25 });
        if (backward && lengths[1] < 1000)
        {
            cases.Add(small with { Rows = 2, Tangents = Many });
            cases.Add(small with { Rows = 1, Tangents = Many, Of = SoftmaxForm.LogSoftmax, Pass = JvpPass.LogitsOnly });
        }
        else if (backward)
        {
            cases.Add(small with { Rows = 1, Tangents = Many, Classes = 8 });
        }

        return cases;
    }

    public override ProofCase Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        bool backward = kernel.Kind.StartsWith("backward", StringComparison.Ordinal);
        bool general = kernel.Kind.EndsWith("-general", StringComparison.Ordinal);
        JvpPass pass = backward ? JvpPass.Backward : JvpPass.Forward;
        // Enough tangents that the sum A of a long row, which lies in the workspace, does not count.
        if (general) return new JvpCase(type, 2, 48, 509) { Pass = pass, Layout = JvpLayout.Padded };
        return kernel.MaxClasses == 0
            ? new JvpCase(type, 2, 48, 2048) { Pass = pass }
            : new JvpCase(type, Math.Max(1, 16 * 128 / kernel.MaxClasses), 20, kernel.MaxClasses) { Pass = pass };
    }

    private static IEnumerable<ProofCase> Layouts(JvpCase small, bool general)
    {
        if (!general)
        {
            yield return small with { Layout = JvpLayout.Padded };
            yield return small with { Layout = JvpLayout.Expanded };
            yield break;
        }

        foreach (JvpLayout layout in Enum.GetValues<JvpLayout>()) yield return small with { Layout = layout };
        // Whole quads, but not where a quad must begin.
        yield return small with { Classes = 16, Layout = JvpLayout.Misaligned };
    }
}
