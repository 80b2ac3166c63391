using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>How the kernels of NoiseProbe are proved.</summary>
internal sealed class NoiseProbeCases : StemCases
{
    private static readonly NoiseProbeShape One = new(1, 1, 1, 1, 1, 1, 1);

    public override string Stem => nameof(NoiseProbe);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        bool backward = kernel.Kind.StartsWith("backward", StringComparison.Ordinal);
        bool any = kernel.Kind.EndsWith("any", StringComparison.Ordinal);
        IEnumerable<NoiseProbeCase> cases = any ? Any(type) : Vectors(type);
        return [.. cases.Select(c => c with { Backward = backward })];
    }

    public override ProofCase? Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        // Rows of pixels that are whole vectors, but for the kernels for any width too many of them.
        var shape = kernel.Kind.EndsWith("any", StringComparison.Ordinal)
            ? new NoiseProbeShape(1, 1, 16, PerVector(type) * 8 * 36, 1, 2, 4)
            : new NoiseProbeShape(4, 3, 56, 56, 4, 4, 4);
        return new NoiseProbeCase(type, shape)
        {
            Backward = kernel.Kind.StartsWith("backward", StringComparison.Ordinal),
        };
    }

    private static int PerVector(KdElementType type) => 16 / Narrow.Size(type);

    private static IEnumerable<NoiseProbeCase> Vectors(KdElementType type)
    {
        int vector = PerVector(type);
        NoiseProbeCase Of(NoiseProbeShape shape) => new(type, shape);
        yield return Of(One with { Width = vector });
        // Cells of 14 columns, as of 224 in 16: vectors that lie in two cells.
        yield return Of(new(1, 3, 28, 56, 1, 2, 4, Samples: 5));
        // The first and the last width of one row of threads, and more rows of threads than rows of pixels.
        yield return Of(new(2, 1, 3, vector * 256, 2, 2, 7));
        yield return Of(new(1, 2, 3, vector * 255, 1, 1, 1));
        yield return Of(new(1, 2, 70, vector, 1, 3, 1, Samples: 2));
        // Cells of unequal size, cells without pixels, and several tiles in a row of cells.
        yield return Of(new(2, 3, 17, 5 * vector, 2, 5, 3));
        yield return Of(new(1, 2, 3, vector, 1, 7, 3 * vector));
        yield return Of(new(1, 40, 9, 16 * vector, 1, 1, 2));
        // One image for all grids, one grid for all images, more rows of cells than counters, numbers near 2^32.
        yield return Of(new(1, 3, 6, 2 * vector, 4, 2, 2, Samples: 3));
        yield return Of(new(5, 3, 6, 2 * vector, 1, 3, 2, Samples: 2, FirstSample: uint.MaxValue - 20));
        yield return Of(new(13, 1, 8, vector, 13, 8, 2));
        yield return Of(new(2, 2, 8, 4 * vector, 2, 4, 4)) with { NotFinite = true };
        yield return Of(One with { Inputs = 0, Sigmas = 1, Width = vector });
    }

    private static IEnumerable<NoiseProbeCase> Any(KdElementType type)
    {
        NoiseProbeCase Of(NoiseProbeShape shape) => new(type, shape);
        yield return Of(One);
        foreach (int width in new[] { 1, 3, 5, 7, 31, 33, 57, 127, 129, 227, 255, 257, 515 })
            yield return Of(new(1, 2, 5, width, 1, 2, Math.Min(width, 3), Samples: 2));
        yield return Of(new(1, 3, 12, 56, 1, 2, 4, Samples: 2)) with { Offset = 1 };
        yield return Of(new(1, 1, 2, PerVector(type) * 257, 1, 1, 5));
        yield return Of(new(2, 3, 17, 23, 2, 5, 3, FirstSample: 1000));
        yield return Of(new(1, 2, 3, 5, 1, 7, 11));
        yield return Of(new(1, 90, 6, 19, 1, 1, 2));
        yield return Of(new(1, 3, 6, 9, 4, 2, 2, Samples: 3));
        yield return Of(new(5, 3, 6, 9, 1, 3, 2, Samples: 2, FirstSample: uint.MaxValue - 20));
        yield return Of(new(13, 1, 8, 3, 13, 8, 2));
        yield return Of(new(2, 2, 8, 13, 2, 4, 4)) with { NotFinite = true };
        yield return Of(new(0, 2, 8, 13, 1, 4, 4));
    }
}
