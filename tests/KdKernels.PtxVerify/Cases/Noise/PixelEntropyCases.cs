using KdKernels.Core;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify.Cases;

/// <summary>How the kernels of PixelEntropy are proved.</summary>
internal sealed class PixelEntropyCases : StemCases
{
    public override string Stem => nameof(PixelEntropy);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        return kernel.Kind switch
        {
            "flat" => [.. Sums(type, offset: 0)],
            "any" => [.. Sums(type, offset: 1)],
            "points" => [.. Counts(type, offset: 0, 2000, 20000)],
            _ => [.. Counts(type, offset: 1, 2001, 16385)],
        };
    }

    public override ProofCase? Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        // What takes any address is there for those whose requests take more sectors than they would elsewhere.
        return kernel.Kind switch
        {
            // Of 16-bit deviations a map has vectors of its own, half of a request's sectors at a time.
            "flat" => new PixelEntropyCase(type, 5, 8192) { Map = type == KdElementType.Float32 },
            "points" => new PixelEntropyCase(type, 5, 17000) { Points = true, Pass = Pass.Forward },
            _ => null,
        };
    }

    // The mean of the background comes before the points: σ and the mask are read twice.
    public override double TrafficLimit(KernelEntry kernel) => kernel.Kind == "points" ? 2.05 : base.TrafficLimit(kernel);

    // A kernel that counts follows one that sums.
    public override bool Needs(KernelEntry kernel, KernelEntry other) =>
        kernel.Kind.StartsWith("points", StringComparison.Ordinal) && other.ElementType == kernel.ElementType;

    private static IEnumerable<PixelEntropyCase> Sums(KdElementType type, int offset)
    {
        PixelEntropyCase Of(int images, int units) => new(type, images, units) { Offset = offset };
        foreach (int units in new[] { 1, 3, 4, 7, 8, 9, 1023, 1025, 4095, 4097, 8193, 20001 })
            yield return Of(1, units) with { Map = true };
        foreach (Deviations deviations in Enum.GetValues<Deviations>())
        {
            if (deviations == Deviations.Wide && type == KdElementType.Float16) continue;
            foreach (int units in new[] { 35, 5003 })
            {
                yield return Of(1, units) with { Deviations = deviations, Reduction = KdReduction.None };
                yield return Of(2, units) with { Deviations = deviations, Points = units == 35 };
            }
        }

        foreach (KdReduction reduction in Enum.GetValues<KdReduction>())
        {
            foreach (Pass pass in Enum.GetValues<Pass>())
                yield return Of(3, 50) with { Reduction = reduction, Pass = pass, Points = pass == Pass.Forward };
            yield return Of(0, 0) with { Reduction = reduction, Pass = Pass.Forward, Points = true };
            yield return Of(2, 0) with { Reduction = reduction, Pass = Pass.Forward, Points = true };
        }

        yield return Of(50, 256) with { Points = true };
        yield return Of(9, 31) with { Points = true, NoBackground = true };
        yield return Of(1, 1) with { Reduction = KdReduction.None, Pass = Pass.Backward };
    }

    private static IEnumerable<PixelEntropyCase> Counts(KdElementType type, int offset, int several, int many)
    {
        PixelEntropyCase Of(int images, int units) =>
            new(type, images, units) { Offset = offset, Points = true, Pass = Pass.Forward };
        yield return Of(12, several);
        yield return Of(70, 248 - (3 * offset)) with { Pass = Pass.ForwardWithGradient };
        yield return Of(1, many);
        yield return Of(2, (2 * many) + 8) with { Map = true };
        yield return Of(2, many) with { NoBackground = true };
        yield return Of(3, several) with { Deviations = Deviations.Tiny };
        yield return Of(3, several) with { Deviations = Deviations.Wrong };
    }
}
