using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>
/// Which calls a kernel is proved by: everything that the launcher may give to its kind, at the lengths where the way
/// through the kernel changes.
/// </summary>
internal static class CaseTable
{
    private static readonly int[] Lengths =
    [
        1, 2, 3, 5, 7, 8, 31, 32, 33, 100, 127, 128, 129, 255, 257, 511, 513, 1000, 1023, 1024, 1025, 2047, 2049, 4096,
        4097, 8192, 16385,
    ];

    /// <summary>The cases of one kernel.</summary>
    public static IReadOnlyList<KernelCase> Of(string stem, KernelEntry kernel)
    {
        // The kernel that counts labels takes no logits; it is called before one that does.
        KdElementType type = kernel.Kind == "count"
            ? KdElementType.Float32
            : Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        var any = new KernelCase(stem, type, 2, 1, 32);
        return kernel.Kind switch
        {
            "warp" => [.. WholeRows(any, kernel, Lengths, 9)],
            "block" => [.. WholeRows(any, kernel, Lengths, 3)],
            "stream" =>
            [
                .. WholeRows(any, kernel, [1, 3, 33, 129, 1025, 4096, 8193, 20011], 3),
                any with { Outer = 1, Classes = 152064, Temperature = 1 },
            ],
            "split" => [.. Split(any)],
            "pixels" => [.. Pixels(any)],
            "general" => [.. General(any)],
            "count" => [any with { Outer = 17000, Classes = 2, Labels = true, Ignored = true }],
            _ => throw new NotSupportedException($"expected a kind of kernel that has cases but got {kernel.Kind}"),
        };
    }

    private static IEnumerable<KernelCase> WholeRows(KernelCase any, KernelEntry kernel, int[] lengths, int rows)
    {
        int longest = kernel.MaxClasses == 0 ? int.MaxValue : kernel.MaxClasses;
        int[] fitting = [.. lengths.Where(classes => classes <= longest)];
        foreach (int classes in fitting)
        {
            int some = Math.Clamp(20000 / classes, 1, rows);
            KernelCase aligned = any with { Classes = classes, Outer = some };
            yield return aligned;
            yield return aligned with { Layout = Layout.Misaligned, Reduction = KdReduction.None };
        }

        if (longest != int.MaxValue)
            yield return any with { Classes = longest, Outer = 2, Layout = Layout.Padded, Reduction = KdReduction.Sum };

        // The longest lengths would only repeat at cost what the shorter ones show.
        int usual = fitting.LastOrDefault(classes => classes <= 1100, fitting[^1]);
        int between = fitting[fitting.Length / 2];
        KernelCase middle = any with { Classes = Math.Min(between, usual), Outer = rows };
        foreach (KernelCase pattern in Patterns(any with { Classes = usual, Outer = rows })) yield return pattern;
        foreach (KernelCase setting in Settings(middle)) yield return setting;
        foreach (int count in new[] { 0, 1, 2, 7, 33, 65 })
            yield return any with { Outer = count, Classes = Math.Min(37, longest), Reduction = KdReduction.Mean };
        yield return any with { Outer = 3, Inner = 2, Classes = Math.Min(40, longest), Reduction = KdReduction.None };
        yield return any with { Outer = 3, Inner = 5, Classes = Math.Min(40, longest), Layout = Layout.Sliced };
        yield return any with { Outer = 4, Classes = Math.Min(64, longest), Layout = Layout.ExpandedTeacher };
    }

    private static IEnumerable<KernelCase> Patterns(KernelCase any)
    {
        any = any with { Reduction = KdReduction.None };
        foreach (Pattern pattern in Enum.GetValues<Pattern>())
        {
            yield return any with { Pattern = pattern };
            if (pattern is Pattern.Near or Pattern.Random or Pattern.Shifted)
            {
                foreach (double temperature in new[] { 0.5, 1.0, 20, 1000, 1e5 })
                    yield return any with { Pattern = pattern, Temperature = temperature };
            }
        }
    }

    private static IEnumerable<KernelCase> Settings(KernelCase any)
    {
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            foreach (Pass pass in Enum.GetValues<Pass>())
            {
                KernelCase setting = any with { Reduction = reduction, Pass = pass };
                yield return setting;
                if (any.Stem == "SoftmaxEntropy") continue;
                yield return setting with { Ignored = true, Metrics = any.Stem == "HintonLoss" };
            }
        }

        if (any.Stem == "SoftmaxEntropy") yield break;
        yield return any with { Labels = true };
        yield return any with { TemperatureSquared = false };
        if (any.Stem != "HintonLoss") yield break;
        any = any with { Metrics = true, Reduction = KdReduction.None };
        foreach (double alpha in new[] { 0, 0.5, 1 })
            foreach (Pattern pattern in new[] { Pattern.Random, Pattern.Ties, Pattern.Excluded })
                yield return any with { Alpha = alpha, Pattern = pattern };
    }

    private static IEnumerable<KernelCase> Split(KernelCase any)
    {
        // The launcher splits rows of at least 65536 classes, and fewer rows than half the multiprocessors.
        KernelCase one = any with { Outer = 1, Classes = 65536, Pass = Pass.Forward };
        yield return one;
        yield return one with { Classes = 65539, Outer = 2, Layout = Layout.Misaligned, Reduction = KdReduction.None };
        yield return one with { Classes = 81920, Reduction = KdReduction.Mean, Labels = true };
        yield return one with { Pattern = Pattern.Outliers };
        yield return one with { Pattern = Pattern.Near, Temperature = 20 };
        yield return one with { Pattern = Pattern.Vanishing };
        yield return one with { Pattern = Pattern.Excluded, Outer = 3, Reduction = KdReduction.None };
        yield return one with { Pattern = Pattern.Ties, Outer = 2, Ignored = true, Metrics = any.Stem == "HintonLoss" };
        yield return one with { Classes = 152064, Temperature = 1 };
    }

    private static IEnumerable<KernelCase> Pixels(KernelCase any)
    {
        foreach (int inner in new[] { 2, 33, 300 })
            foreach (int classes in new[] { 2, 3, 19, 21, 150 })
                yield return any with { Outer = 2, Inner = inner, Classes = classes, Layout = Layout.Pixels };
        KernelCase image = any with { Outer = 2, Inner = 45, Classes = 21, Layout = Layout.Pixels };
        foreach (KernelCase pattern in Patterns(image)) yield return pattern;
        foreach (KernelCase setting in Settings(image)) yield return setting;
    }

    private static IEnumerable<KernelCase> General(KernelCase any)
    {
        foreach (Layout layout in Enum.GetValues<Layout>())
            foreach (int classes in new[] { 2, 33, 1025 })
            {
                yield return any with
                {
                    Outer = 3,
                    Inner = 2,
                    Classes = classes,
                    Layout = layout,
                    Reduction = KdReduction.None,
                };
            }

        KernelCase rows = any with { Outer = 5, Classes = 300 };
        KernelCase both = rows with { TeacherGradient = true };
        foreach (KernelCase pattern in Patterns(rows)) yield return pattern;
        foreach (KernelCase setting in Settings(rows)) yield return setting;
        yield return rows with { Outer = 0, Reduction = KdReduction.BatchMean };
        yield return rows with { Outer = 1, Classes = 8193, Layout = Layout.Reversed };
        if (any.Stem == "SoftmaxEntropy") yield break;
        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            yield return rows with { Reduction = reduction, ClassWeights = true };
            yield return rows with { Reduction = reduction, Temperature = double.PositiveInfinity };
            if (any.Stem != "TemperedKl") continue;
            yield return both with { Reduction = reduction };
            yield return both with { Reduction = reduction, Pass = Pass.Backward, Ignored = true };
            yield return both with { Reduction = reduction, ClassWeights = true };
            yield return both with { Reduction = reduction, Temperature = double.PositiveInfinity };
        }
    }
}
