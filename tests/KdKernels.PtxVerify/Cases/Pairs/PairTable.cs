using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>Which calls a kernel of the family is proved by, at the lengths where the way through the kernel changes.</summary>
internal static class PairTable
{
    /// <summary>The cases of one kernel.</summary>
    public static IEnumerable<PairCase> Of(string stem, KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        var any = new KernelCase(stem, type, 3, 1, 40) { Labels = stem == nameof(DecoupledKd) };
        IEnumerable<KernelCase> calls = kernel.Kind switch
        {
            "warp" => Rows(any, 100, [3, 7, 33, 257, 1024], [2, 129, 1023]),
            "block" => Rows(any, 1030, [1025, 2049, 8192], [1027, 4099]),
            "stream" => Rows(any, 8200, [8193, 20000], [8195, 16391]),
            "pixels" => Pixels(any),
            _ => General(any),
        };
        // The total variation has no T².
        return calls.Where(call => call.TemperatureSquared || stem != nameof(TotalVariation)).SelectMany(Variations);
    }

    private static IEnumerable<KernelCase> Rows(KernelCase any, int usual, int[] aligned, int[] misaligned)
    {
        foreach (int classes in aligned) yield return any with { Classes = classes };
        foreach (int classes in misaligned)
            yield return any with { Classes = classes, Layout = Layout.Misaligned, Reduction = KdReduction.None };
        KernelCase rows = any with { Classes = usual, Outer = 5 };
        foreach (KernelCase call in Patterns(rows)) yield return call;
        foreach (KernelCase call in Settings(rows with { Outer = 4 })) yield return call;
        foreach (int count in new[] { 0, 1, 17 })
            yield return rows with { Outer = usual > 1024 ? Math.Min(count, 3) : count, Reduction = KdReduction.Mean };
        yield return rows with { Outer = 3, Layout = Layout.Padded, Reduction = KdReduction.Sum };
        // A row that is repeated lies at one alignment, so that of the others must not change either.
        yield return rows with { Outer = 2, Classes = (usual + 7) / 8 * 8, Layout = Layout.ExpandedTeacher };
    }

    private static IEnumerable<KernelCase> Pixels(KernelCase any)
    {
        KernelCase image = any with { Outer = 2, Inner = 21, Classes = 19, Layout = Layout.Pixels };
        foreach (int inner in new[] { 2, 33, 130 })
            foreach (int classes in new[] { 2, 3, 20 })
                yield return image with { Inner = inner, Classes = classes };
        foreach (KernelCase call in Patterns(image)) yield return call;
        foreach (KernelCase call in Settings(image)) yield return call;
    }

    private static IEnumerable<KernelCase> General(KernelCase any)
    {
        foreach (Layout layout in Enum.GetValues<Layout>())
            yield return any with { Outer = 3, Inner = 2, Classes = 33, Layout = layout, Reduction = KdReduction.None, TeacherGradient = true };
        KernelCase rows = any with { Outer = 5, Classes = 300, TeacherGradient = true };
        foreach (KernelCase call in Patterns(rows)) yield return call;
        foreach (KernelCase call in Settings(rows)) yield return call;
        yield return rows with { Outer = 0 };
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            if (any.Stem is nameof(ReverseKl) or nameof(SoftCrossEntropy))
                yield return rows with { Reduction = reduction, ClassWeights = true };
            if (any.Stem is nameof(ReverseKl) or nameof(Jsd))
                yield return rows with { Reduction = reduction, Temperature = double.PositiveInfinity };
        }
    }

    private static IEnumerable<KernelCase> Patterns(KernelCase any)
    {
        any = any with { Reduction = KdReduction.None };
        foreach (Pattern pattern in Enum.GetValues<Pattern>()) yield return any with { Pattern = pattern };
        yield return any with { Temperature = 0.5 };
        yield return any with { Temperature = 20 };
        yield return any with { Pattern = Pattern.Near, Temperature = 1000 };
        yield return any with { Pattern = Pattern.Shifted, Temperature = 1 };
    }

    private static IEnumerable<KernelCase> Settings(KernelCase any)
    {
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            yield return any with { Reduction = reduction, Pass = Pass.Forward };
            yield return any with { Reduction = reduction, Pass = Pass.Backward, Ignored = true };
            yield return any with { Reduction = reduction, Ignored = true };
        }

        yield return any with { TemperatureSquared = false };
    }

    private static IEnumerable<PairCase> Variations(KernelCase call)
    {
        if (call.Stem == nameof(SoftCrossEntropy)) call = call with { TeacherGradient = false };
        yield return new PairCase(call);
        bool isPlain = call is { Pattern: Pattern.Random, Reduction: KdReduction.None, Pass: Pass.ForwardWithGradient, Ignored: false };
        if (!isPlain || call.Classes > 2000) yield break;
        if (call.Stem == nameof(Jsd))
        {
            double[] shares = call is { TeacherGradient: true, Layout: Layout.Contiguous } ? [0.1, 0.9, 0, 1] : [0.1, 0.9];
            foreach (double beta in shares) yield return new PairCase(call) { Beta = beta };
        }

        if (call.Stem != nameof(DecoupledKd)) yield break;
        yield return new PairCase(call) { Weights = (0, 1) };
        yield return new PairCase(call) { Weights = (1, 0) };
    }
}
